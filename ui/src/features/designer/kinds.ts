/** The kinds of fields that people choose from, and the settings that each of them has. */
import type { ParseKeys } from "i18next";

/** A part of the form of a field. */
export type Part =
  | "required"
  | "unique"
  | "index"
  | "defaultValue"
  | "length"
  | "choices"
  | "decimals"
  | "pattern"
  | "formula"
  | "target"
  | "reverse"
  | "onDelete"
  | "keys"
  | "through";

export type Group = "text" | "number" | "choice" | "time" | "relation" | "advanced";

export interface Kind {
  /** What the server calls it; unique among kinds. */
  interface: string;
  /** Storage type. */
  type: string;
  group: Group;
  parts: readonly Part[];
  /** Settings that always go with it. */
  fixed?: Readonly<Record<string, unknown>>;
}

const TEXT = ["required", "unique", "index", "defaultValue"] as const;
const NUMBER = ["required", "unique", "index", "defaultValue"] as const;

export const KINDS: readonly Kind[] = [
  { interface: "input", type: "string", group: "text", parts: [...TEXT, "length"] },
  { interface: "textarea", type: "text", group: "text", parts: ["required", "defaultValue"] },
  { interface: "email", type: "string", group: "text", parts: TEXT },
  { interface: "phone", type: "string", group: "text", parts: TEXT },
  { interface: "url", type: "text", group: "text", parts: ["required", "defaultValue"] },
  { interface: "password", type: "password", group: "text", parts: ["required"] },
  { interface: "integer", type: "bigInt", group: "number", parts: NUMBER },
  { interface: "number", type: "double", group: "number", parts: NUMBER },
  { interface: "decimal", type: "decimal", group: "number", parts: [...NUMBER, "decimals"] },
  { interface: "percent", type: "double", group: "number", parts: ["required", "index", "defaultValue"] },
  { interface: "checkbox", type: "boolean", group: "choice", parts: ["required", "index", "defaultValue"] },
  { interface: "select", type: "string", group: "choice", parts: ["required", "index", "choices"] },
  { interface: "radioGroup", type: "string", group: "choice", parts: ["required", "index", "choices"] },
  {
    interface: "multipleSelect",
    type: "array",
    group: "choice",
    parts: ["required", "choices"],
    fixed: { defaultValue: [] },
  },
  {
    interface: "checkboxGroup",
    type: "array",
    group: "choice",
    parts: ["required", "choices"],
    fixed: { defaultValue: [] },
  },
  { interface: "date", type: "dateOnly", group: "time", parts: ["required", "unique", "index"] },
  { interface: "datetime", type: "datetimeTz", group: "time", parts: ["required", "index"] },
  { interface: "datetimeNoTz", type: "datetimeNoTz", group: "time", parts: ["required", "index"] },
  { interface: "time", type: "time", group: "time", parts: ["required", "index"] },
  { interface: "unixTimestamp", type: "unixTimestamp", group: "time", parts: ["required", "index"] },
  {
    interface: "m2o",
    type: "belongsTo",
    group: "relation",
    parts: ["required", "target", "reverse", "onDelete", "keys"],
  },
  { interface: "o2o", type: "hasOne", group: "relation", parts: ["target", "reverse", "onDelete", "keys"] },
  { interface: "o2m", type: "hasMany", group: "relation", parts: ["target", "reverse", "onDelete", "keys"] },
  {
    interface: "m2m",
    type: "belongsToMany",
    group: "relation",
    parts: ["target", "reverse", "through", "keys"],
  },
  { interface: "sequence", type: "sequence", group: "advanced", parts: ["pattern", "unique"] },
  { interface: "formula", type: "formula", group: "advanced", parts: ["formula"] },
  { interface: "uuid", type: "uuid", group: "advanced", parts: ["unique", "index"] },
  { interface: "nanoid", type: "nanoid", group: "advanced", parts: ["unique", "index"] },
  { interface: "json", type: "json", group: "advanced", parts: ["required"] },
];

export const GROUPS: readonly Group[] = ["text", "number", "choice", "time", "relation", "advanced"];

const BY_TYPE: Readonly<Record<string, string>> = {
  string: "input",
  text: "textarea",
  integer: "integer",
  bigInt: "integer",
  float: "number",
  double: "number",
  decimal: "decimal",
  boolean: "checkbox",
  date: "datetime",
  array: "multipleSelect",
  set: "multipleSelect",
  jsonb: "json",
};

/** The kind of a field that is there: by its interface, else by its storage type; `null` for one that has none here. */
export function kindOf(field: { interface?: string | null | undefined; type: string }): Kind | null {
  const byInterface = KINDS.find((kind) => kind.interface === field.interface);
  if (byInterface && (byInterface.group !== "relation" || byInterface.type === field.type))
    return byInterface;
  const name = BY_TYPE[field.type];
  return (
    KINDS.find((kind) => (name === undefined ? kind.type === field.type : kind.interface === name)) ?? null
  );
}

export const kindTitle = (kind: Kind): ParseKeys => `designer.kind.${kind.interface}` as ParseKeys;

/** Storage types that values can be carried over to without loss, as far as each value allows it. */
const TEXTS = ["string", "text"];
const NUMBERS = ["integer", "bigInt", "double", "float", "decimal"];
const MOMENTS = ["date", "datetimeTz", "datetimeNoTz", "dateOnly"];

/** The kinds that a field with records may be changed into; whether each value fits, the server says. */
export function changesTo(kind: Kind, type: string): readonly Kind[] {
  const plain = KINDS.filter(
    (other) => !["relation", "advanced"].includes(other.group) && !["array", "password"].includes(other.type),
  );
  const same = plain.filter((other) => other.type === type);
  if (TEXTS.includes(type)) return plain.filter((other) => other.type !== "unixTimestamp");
  if (NUMBERS.includes(type) || type === "boolean") {
    return plain.filter((other) => [...TEXTS, ...NUMBERS, "boolean"].includes(other.type));
  }
  if (MOMENTS.includes(type)) return plain.filter((other) => [...TEXTS, ...MOMENTS].includes(other.type));
  if (type === "time") return plain.filter((other) => [...TEXTS, "time"].includes(other.type));
  return same.includes(kind) ? same : [kind, ...same];
}
