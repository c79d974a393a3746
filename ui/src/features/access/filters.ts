/** Simple conditions, as the filter of a scope. */
import type { Field } from "@/api/metadata";

export const OPERATORS = ["$eq", "$ne", "$gt", "$lt", "$includes", "$empty", "$notEmpty"] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Condition {
  field: string;
  operator: Operator;
  value?: string;
}

export const takesValue = (operator: Operator): boolean => operator !== "$empty" && operator !== "$notEmpty";

const NUMBERS = ["bigInt", "integer", "double", "float", "sort"];

/** What was typed, as the type of the field keeps it; variables stay as they are. */
function valueOf(text: string, type: string | undefined): unknown {
  if (/^\{\{.*\}\}$/.test(text)) return text;
  if (type === "boolean") return text === "true" || text === "1";
  if (type !== undefined && NUMBERS.includes(type) && text !== "" && Number.isFinite(Number(text))) {
    return Number(text);
  }
  return text;
}

/** All of the conditions together. */
export function filterOf(conditions: readonly Condition[], fields: readonly Field[]): object {
  const types = new Map(fields.map(({ name, type }) => [name, type]));
  return {
    $and: conditions.map(({ field, operator, value = "" }) => ({
      [field]: { [operator]: takesValue(operator) ? valueOf(value.trim(), types.get(field)) : true },
    })),
  };
}
