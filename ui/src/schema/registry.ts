/** The kinds of fields: what people choose from, how each is stored, shown and set. Of a field: by its interface, else by its type. */
import { optionsOf, type Field } from "@/api/metadata";
import { boolean } from "@/schema/kinds/boolean";
import { json, JsonInput } from "@/schema/kinds/json";
import { dateOnly, datetime, stamp, time, wallClock } from "@/schema/kinds/moment";
import { BigInput, bigInt, decimal, integer, key, number, percent, reference } from "@/schema/kinds/number";
import { person, toMany, toOne } from "@/schema/kinds/relation";
import { array, multipleSelect, select } from "@/schema/kinds/select";
import { email, identifier, LineInput, password, phone, text, textarea, url } from "@/schema/kinds/text";
import { storedAs } from "@/schema/operators";
import type { Look } from "@/schema/types";

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

export const GROUPS = ["text", "number", "choice", "time", "relation", "advanced"] as const;
export type Group = (typeof GROUPS)[number];

export interface Kind {
  /** What the server calls it; unique among kinds. */
  interface: string;
  /** How a new field of it is stored. */
  type: string;
  /** Under which heading people choose it; those without one come by themselves, or from elsewhere. */
  group?: Group;
  parts: readonly Part[];
  /** Settings that always go with it. */
  fixed?: Readonly<Record<string, unknown>>;
  /** How it is shown, where that is more than the type says. */
  look?: Look;
  /** Types over which it is shown so, where not over all: `percent` over text would not be a share of 1. */
  over?: readonly string[];
  /** Another kind by whose name people know it. */
  like?: string;
}

const LINE = ["required", "unique", "index", "defaultValue"] as const;
const TEXT = ["required", "defaultValue"] as const;
const PLAIN = ["required", "index"] as const;

/** In the order in which they are offered. */
export const KINDS: readonly Kind[] = [
  { interface: "input", type: "string", group: "text", parts: [...LINE, "length"] },
  { interface: "textarea", type: "text", group: "text", parts: TEXT, look: textarea },
  { interface: "email", type: "string", group: "text", parts: LINE, look: email },
  { interface: "phone", type: "string", group: "text", parts: LINE, look: phone },
  { interface: "url", type: "text", group: "text", parts: TEXT, look: url },
  { interface: "password", type: "password", group: "text", parts: ["required"] },
  { interface: "markdown", type: "text", parts: TEXT, look: textarea, like: "textarea" },
  { interface: "vditor", type: "text", parts: TEXT, look: textarea, like: "textarea" },
  { interface: "richText", type: "text", parts: TEXT, look: textarea, like: "textarea" },
  { interface: "integer", type: "bigInt", group: "number", parts: LINE },
  { interface: "number", type: "double", group: "number", parts: LINE },
  { interface: "decimal", type: "decimal", group: "number", parts: [...LINE, "decimals"] },
  {
    interface: "percent",
    type: "double",
    group: "number",
    parts: [...PLAIN, "defaultValue"],
    look: percent,
    over: ["float", "double"],
  },
  { interface: "checkbox", type: "boolean", group: "choice", parts: [...PLAIN, "defaultValue"] },
  { interface: "select", type: "string", group: "choice", parts: [...PLAIN, "choices"] },
  { interface: "radioGroup", type: "string", group: "choice", parts: [...PLAIN, "choices"] },
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
  { interface: "date", type: "dateOnly", group: "time", parts: [...PLAIN, "unique"] },
  { interface: "datetime", type: "datetimeTz", group: "time", parts: PLAIN },
  { interface: "datetimeNoTz", type: "datetimeNoTz", group: "time", parts: PLAIN },
  { interface: "time", type: "time", group: "time", parts: PLAIN },
  { interface: "unixTimestamp", type: "unixTimestamp", group: "time", parts: PLAIN },
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
  { interface: "id", type: "bigInt", parts: [], look: key, over: ["bigInt", "integer"] },
  { interface: "snowflakeId", type: "snowflakeId", parts: [] },
  { interface: "uid", type: "uid", parts: [] },
  { interface: "sort", type: "sort", parts: [] },
  { interface: "createdAt", type: "date", parts: [], look: stamp, like: "datetime" },
  { interface: "updatedAt", type: "date", parts: [], look: stamp, like: "datetime" },
  { interface: "createdBy", type: "belongsTo", parts: [], look: person, like: "m2o" },
  { interface: "updatedBy", type: "belongsTo", parts: [], look: person, like: "m2o" },
];

/** Of each type how it is shown, and of which kind a field is that states no interface. */
const TYPES: Readonly<Record<string, { look?: Look; kind: string }>> = {
  string: { look: text, kind: "input" },
  text: { look: textarea, kind: "textarea" },
  uid: { look: identifier, kind: "uid" },
  uuid: { look: identifier, kind: "uuid" },
  nanoid: { look: identifier, kind: "nanoid" },
  sequence: { look: text, kind: "sequence" },
  integer: { look: integer, kind: "integer" },
  bigInt: { look: bigInt, kind: "integer" },
  float: { look: number, kind: "number" },
  double: { look: number, kind: "number" },
  decimal: { look: decimal, kind: "decimal" },
  snowflakeId: { look: key, kind: "snowflakeId" },
  sort: { look: key, kind: "sort" },
  boolean: { look: boolean, kind: "checkbox" },
  date: { look: datetime, kind: "datetime" },
  datetimeTz: { look: datetime, kind: "datetime" },
  datetimeNoTz: { look: wallClock, kind: "datetimeNoTz" },
  dateOnly: { look: dateOnly, kind: "date" },
  time: { look: time, kind: "time" },
  unixTimestamp: { look: datetime, kind: "unixTimestamp" },
  json: { look: json, kind: "json" },
  jsonb: { look: json, kind: "json" },
  array: { look: array, kind: "multipleSelect" },
  set: { look: array, kind: "multipleSelect" },
  password: { look: password, kind: "password" },
  belongsTo: { look: toOne, kind: "m2o" },
  hasOne: { look: toOne, kind: "o2o" },
  hasMany: { look: toMany, kind: "o2m" },
  belongsToMany: { look: toMany, kind: "m2m" },
  /** Shown as what is worked out. */
  formula: { kind: "formula" },
};

const BY_INTERFACE: ReadonlyMap<string, Kind> = new Map(KINDS.map((kind) => [kind.interface, kind]));

export const kindNamed = (name: string | null | undefined): Kind | undefined => BY_INTERFACE.get(name ?? "");

/** The kind of fields of a type that state no interface; `null` for a type that has none here. */
export const kindOfType = (type: string): Kind | null => kindNamed(TYPES[type]?.kind) ?? null;

/** The kind of a field that is there. */
export function kindOf(field: Pick<Field, "interface" | "type">): Kind | null {
  const named = kindNamed(field.interface);
  return named && (named.group !== "relation" || named.type === field.type) ? named : kindOfType(field.type);
}

/** How a field is shown, and written. */
export function lookOf(field: Field): Look {
  const type = storedAs(field);
  if (optionsOf(field)) return type === "array" || type === "set" ? multipleSelect : select;
  if (field.isForeignKey && (type === "bigInt" || type === "integer")) return reference;
  const named = kindNamed(field.interface);
  const own = named?.over?.includes(type) === false ? undefined : named?.look;
  return own ?? TYPES[type]?.look ?? json;
}

/** Of what is compared with a field in a filter: also of those that people do not write. */
export function operandInput(field: Field): NonNullable<Look["Input"]> {
  const own = lookOf(field);
  if (own.Input && !own.lines) return own.Input;
  const type = storedAs(field);
  if (COUNTED.has(type)) return BigInput;
  const stored = TYPES[type]?.look;
  return stored?.Input && !stored.lines
    ? stored.Input
    : type === "json" || type === "jsonb"
      ? JsonInput
      : LineInput;
}

const COUNTED: ReadonlySet<string> = new Set(["bigInt", "snowflakeId", "sort"]);

/** Types that the server alone writes, whatever the role may do. */
const WORKED_OUT: ReadonlySet<string> = new Set(["formula", "sort", "snowflakeId", "virtual"]);
const STAMPS: ReadonlySet<string> = new Set(["createdAt", "updatedAt", "createdBy", "updatedBy"]);

/** Whether people write the field at all; `existing` says that it is one of a record that is there. */
export function isWritten(field: Field, existing = true): boolean {
  if (WORKED_OUT.has(field.type) || STAMPS.has(field.interface ?? "")) return false;
  if (field.type === "sequence") return field.inputable === true;
  if (field.type === "uuid" || field.type === "nanoid") return field.autoFill === false;
  if (field.primaryKey) return !existing && field.autoIncrement !== true;
  return lookOf(field).Input !== null;
}

/** Whether a table shows it at all. */
export const isShown = (field: Field): boolean =>
  field.hidden !== true && field.type !== "virtual" && field.type !== "password";

export const isSortable = (field: Field): boolean => lookOf(field).sortable !== false && isShown(field);
