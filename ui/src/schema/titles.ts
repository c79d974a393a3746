/** What fields and operators are called. */
import type { TFunction } from "i18next";
import { fieldTitle, type Field } from "@/api/metadata";
import { familyOf, storedAs, type OperatorName } from "@/schema/operators";

/** Fields that every collection may have: their titles come as names of texts. */
const GIVEN = {
  ID: "schema.fields.id",
  "Created at": "schema.fields.createdAt",
  "Last updated at": "schema.fields.updatedAt",
  "Created by": "schema.fields.createdBy",
  "Last updated by": "schema.fields.updatedBy",
} as const;

const isGiven = (text: string): text is keyof typeof GIVEN => text in GIVEN;

/** In the language of the pages where the field came by itself; else as people wrote it. */
export function titleOf(t: TFunction, field: Field): string {
  const text = fieldTitle(field);
  return isGiven(text) ? t(GIVEN[text]) : text;
}

/** Of days and moments, what other values are compared by speaks of the very moment. */
const EXACT = ["eq", "ne", "gt", "gte", "lt", "lte", "between", "notBetween"] as const;
type Exact = (typeof EXACT)[number];
const isExact = (name: OperatorName): name is Exact => (EXACT as readonly string[]).includes(name);

/** What an operator is called over a field. */
export function operatorTitle(t: TFunction, name: OperatorName, field: Field): string {
  const ofMoments = familyOf(field) === "date" && storedAs(field) !== "time";
  return ofMoments && isExact(name) ? t(`schema.exact.${name}`) : t(`schema.operators.${name}`);
}
