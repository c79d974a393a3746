/** The form of a field ↔ what the server is sent. */
import { optionsOf, type Choice, type Field } from "@/api/metadata";
import { nameFrom } from "@/features/designer/names";
import { KINDS, kindNamed, kindOf, type Kind } from "@/schema/registry";

/** A part of the numbers that a sequence gives. */
export interface PatternPart {
  type: "string" | "date" | "integer";
  options: { value?: string; format?: string; digits?: number; start?: number; cycle?: string };
}

/** One of the values of a select, as it is typed. */
export interface ChoiceForm {
  value?: Choice["value"];
  label?: string;
  color?: string;
}

export interface FieldForm {
  title: string;
  name: string;
  description?: string;
  interface: string;
  required?: boolean;
  unique?: boolean;
  index?: boolean;
  defaultValue?: string | number | boolean | null;
  length?: number;
  choices?: ChoiceForm[];
  precision?: number;
  scale?: number;
  patterns?: PatternPart[];
  expression?: string;
  dataType?: string;
  target?: string;
  foreignKey?: string;
  otherKey?: string;
  through?: string;
  onDelete?: string;
  reverse?: boolean;
  reverseTitle?: string;
  /** Of the reverse of a relation to one: whether others have many of these, or one. */
  reverseOne?: boolean;
}

const given = (value: unknown): boolean => value !== undefined && value !== null && value !== "";

/** A default value as text of the form → what the storage type takes. */
export function defaultFor(kind: Kind, value: FieldForm["defaultValue"]): unknown {
  if (!given(value)) return null;
  if (["bigInt", "double"].includes(kind.type)) return Number(value);
  if (kind.type === "boolean") return value === true || value === "true";
  return typeof value === "string" ? value : String(value);
}

function choices(form: FieldForm): Choice[] {
  return (form.choices ?? []).map(({ value, label = "", color }) => {
    const kept = value === undefined || value === "" ? nameFrom(label) || label : value;
    return { value: kept, label: label || String(kept), ...(color ? { color } : {}) };
  });
}

function relation(kind: Kind, form: FieldForm): Record<string, unknown> {
  const body: Record<string, unknown> = { target: form.target };
  for (const option of ["foreignKey", "otherKey", "through", "onDelete"] as const) {
    if (given(form[option])) body[option] = form[option];
  }
  if (form.reverse) {
    const type =
      kind.type === "belongsTo"
        ? form.reverseOne
          ? "hasOne"
          : "hasMany"
        : kind.type === "belongsToMany"
          ? "belongsToMany"
          : "belongsTo";
    const shown = KINDS.find((other) => other.group === "relation" && other.type === type);
    const name = nameFrom(form.reverseTitle ?? "");
    body["reverseField"] = {
      ...(name ? { name } : {}),
      type,
      interface: shown?.interface,
      uiSchema: { title: form.reverseTitle },
    };
  }
  return body;
}

/** What makes a new field. */
export function toBody(form: FieldForm): Record<string, unknown> {
  const kind = kindNamed(form.interface);
  if (!kind) throw new Error(`There is no kind of field "${form.interface}".`);
  const body: Record<string, unknown> = {
    ...kind.fixed,
    type: kind.type,
    interface: kind.interface,
    uiSchema: { title: form.title, ...(kind.parts.includes("choices") ? { enum: choices(form) } : {}) },
  };
  if (form.name) body["name"] = form.name;
  if (given(form.description)) body["description"] = form.description;
  for (const flag of ["required", "unique", "index"] as const) {
    if (kind.parts.includes(flag) && form[flag]) body[flag] = true;
  }
  if (kind.parts.includes("defaultValue") && given(form.defaultValue)) {
    body["defaultValue"] = defaultFor(kind, form.defaultValue);
  }
  if (kind.parts.includes("length") && given(form.length)) body["length"] = form.length;
  if (kind.parts.includes("decimals")) {
    if (given(form.precision)) body["precision"] = form.precision;
    if (given(form.scale)) body["scale"] = form.scale;
  }
  if (kind.type === "sequence") body["patterns"] = form.patterns ?? [];
  if (kind.type === "formula") {
    body["expression"] = form.expression;
    body["dataType"] = form.dataType ?? "double";
  }
  return kind.group === "relation" ? { ...body, ...relation(kind, form) } : body;
}

/** Parts of a relation that stay as they were made. */
const FIXED_OF_RELATIONS = ["target", "foreignKey", "otherKey", "through", "reverseField"];

/** What changes a field into what the form says; what it had and has no more is `null`. */
export function toChange(form: FieldForm, before: Field): Record<string, unknown> {
  const body = toBody(form);
  delete body["name"];
  const schema = body["uiSchema"] as Record<string, unknown>;
  body["uiSchema"] = { ...before.uiSchema, ...schema };
  body["description"] = form.description ?? null;
  const kind = kindNamed(form.interface);
  for (const flag of ["required", "unique", "index"] as const) {
    if (kind?.parts.includes(flag)) body[flag] = form[flag] === true;
  }
  if (kind?.parts.includes("defaultValue")) body["defaultValue"] = defaultFor(kind, form.defaultValue);
  if (kind?.type === before.type && kind.group !== "relation" && before.interface === kind.interface) {
    delete body["type"];
  }
  return Object.fromEntries(Object.entries(body).filter(([option]) => !FIXED_OF_RELATIONS.includes(option)));
}

/** The form of a field that is there. */
export function toForm(field: Field, title: string): FieldForm {
  const kind = kindOf(field);
  const form: FieldForm = { title, name: field.name, interface: kind?.interface ?? field.type };
  if (given(field.description)) form.description = String(field.description);
  for (const flag of ["required", "unique", "index"] as const) form[flag] = field[flag] === true;
  if (field["allowNull"] === false) form.required = true;
  const options = optionsOf(field);
  if (options) {
    form.choices = options.map(({ value, label, color }) => ({ value, label, ...(color ? { color } : {}) }));
  }
  const texts = [
    "expression",
    "dataType",
    "target",
    "foreignKey",
    "otherKey",
    "through",
    "onDelete",
  ] as const;
  for (const option of texts) if (given(field[option])) form[option] = String(field[option]);
  for (const option of ["length", "precision", "scale"] as const) {
    if (typeof field[option] === "number") form[option] = field[option];
  }
  if (Array.isArray(field["patterns"])) form.patterns = field["patterns"] as PatternPart[];
  const fallback = field["defaultValue"];
  if (typeof fallback === "string" || typeof fallback === "number" || typeof fallback === "boolean") {
    form.defaultValue = fallback;
  }
  return form;
}
