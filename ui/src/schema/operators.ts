/** The operators of filters by family of field, and what each takes (docs/reference/filters.md). */
import type { Field } from "@/api/metadata";

const FAMILIES = {
  text: ["string", "text", "uid", "uuid", "nanoid", "sequence"],
  number: ["integer", "bigInt", "float", "double", "decimal", "snowflakeId", "sort"],
  boolean: ["boolean"],
  date: ["date", "datetimeTz", "datetimeNoTz", "dateOnly", "time", "unixTimestamp"],
  json: ["json", "jsonb"],
  array: ["array", "set"],
  relation: ["belongsTo", "hasOne", "hasMany", "belongsToMany"],
} as const;

/** `other` is never filtered by. */
export type Family = keyof typeof FAMILIES | "other";

/** The type of the values: of a formula what is worked out. */
export const storedAs = (field: Field): string =>
  field.type === "formula" ? (field.dataType ?? "double") : field.type;

export function familyOf(field: Field): Family {
  const type = storedAs(field);
  for (const [family, types] of Object.entries(FAMILIES)) {
    if ((types as readonly string[]).includes(type)) return family as Family;
  }
  return "other";
}

/**
 * What stands to the right of an operator: nothing (`true` is sent), one value of the field, several, two of which
 * each may be left open, text, a day or period, two days, or the name of another field.
 */
export type Operand = "none" | "value" | "values" | "range" | "text" | "period" | "days" | "field";

interface Described {
  operand: Operand;
  families: readonly Family[];
}

const TEXT: readonly Family[] = ["text"];
const DATE: readonly Family[] = ["date"];
const BOOLEAN: readonly Family[] = ["boolean"];
const LISTS: readonly Family[] = ["json", "array"];
const ORDERED: readonly Family[] = ["text", "number", "date"];
const SINGLE: readonly Family[] = ["text", "number", "boolean", "date", "json", "array"];
const COUNTABLE: readonly Family[] = ["text", "number", "date", "json"];
const STORED: readonly Family[] = ["text", "number", "boolean", "date", "json", "array"];

/** In the order in which they are offered; those that mean the same as another are not here. */
const OPERATORS = {
  includes: { operand: "text", families: TEXT },
  notIncludes: { operand: "text", families: TEXT },
  dateOn: { operand: "period", families: DATE },
  dateNotOn: { operand: "period", families: DATE },
  dateBefore: { operand: "period", families: DATE },
  dateAfter: { operand: "period", families: DATE },
  dateNotBefore: { operand: "period", families: DATE },
  dateNotAfter: { operand: "period", families: DATE },
  dateBetween: { operand: "days", families: DATE },
  isTruly: { operand: "none", families: BOOLEAN },
  isFalsy: { operand: "none", families: BOOLEAN },
  anyOf: { operand: "values", families: LISTS },
  noneOf: { operand: "values", families: LISTS },
  match: { operand: "values", families: LISTS },
  notMatch: { operand: "values", families: LISTS },
  eq: { operand: "value", families: SINGLE },
  ne: { operand: "value", families: SINGLE },
  gt: { operand: "value", families: ORDERED },
  gte: { operand: "value", families: ORDERED },
  lt: { operand: "value", families: ORDERED },
  lte: { operand: "value", families: ORDERED },
  between: { operand: "range", families: ORDERED },
  notBetween: { operand: "range", families: ORDERED },
  in: { operand: "values", families: COUNTABLE },
  notIn: { operand: "values", families: COUNTABLE },
  startsWith: { operand: "text", families: TEXT },
  notStartsWith: { operand: "text", families: TEXT },
  endsWith: { operand: "text", families: TEXT },
  notEndsWith: { operand: "text", families: TEXT },
  like: { operand: "text", families: TEXT },
  notLike: { operand: "text", families: TEXT },
  iLike: { operand: "text", families: TEXT },
  notILike: { operand: "text", families: TEXT },
  regexp: { operand: "text", families: TEXT },
  notRegexp: { operand: "text", families: TEXT },
  iRegexp: { operand: "text", families: TEXT },
  notIRegexp: { operand: "text", families: TEXT },
  exists: { operand: "none", families: ["relation"] },
  notExists: { operand: "none", families: ["relation"] },
  empty: { operand: "none", families: STORED },
  notEmpty: { operand: "none", families: STORED },
  col: { operand: "field", families: ["text", "number", "boolean", "date"] },
} as const satisfies Record<string, Described>;

export type OperatorName = keyof typeof OPERATORS;

export interface Operator extends Described {
  name: OperatorName;
}

export const operators: readonly Operator[] = Object.entries(OPERATORS).map(([name, described]) => ({
  ...described,
  name: name as OperatorName,
}));

export const operatorOf = (name: string): Operator | undefined =>
  operators.find((operator) => operator.name === name);

/** What fits the field, likeliest first. Nothing for fields that are never filtered by. */
export function operatorsOf(field: Field): readonly Operator[] {
  if (field.hidden === true) return [];
  const family = familyOf(field);
  const select = Array.isArray(field.uiSchema?.enum);
  const fitting = operators.filter(
    ({ name, families }) =>
      families.includes(family) && !(storedAs(field) === "time" && name.startsWith("date")),
  );
  if (!select || family !== "text") return fitting;
  const first = fitting.filter(({ name }) => SELECT_FIRST.has(name));
  return [...first, ...fitting.filter(({ name }) => !SELECT_FIRST.has(name))];
}

/** Whoever filters a select chooses from it, and seldom searches in its text. */
const SELECT_FIRST: ReadonlySet<OperatorName> = new Set(["eq", "ne", "in", "notIn"]);
