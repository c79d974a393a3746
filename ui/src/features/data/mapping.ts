/** Which column of a file goes to which field. */
import type { Collection, Field } from "@/api/metadata";
import { isRelation } from "@/api/metadata";
import type { Mapping, PreviewColumn } from "@/api/queries/imports";

/** Filled by the server alone, whatever a file brings. */
const FILLED: ReadonlySet<string> = new Set(["createdById", "updatedById"]);
const WORKED_OUT: ReadonlySet<string> = new Set(["formula", "virtual", "password"]);

/** The fields that a column may go to; `allowed` are those of the role, `null` for all. */
export function importable(collection: Collection, allowed: readonly string[] | null): Field[] {
  return collection.fields.filter(
    (field) =>
      !isRelation(field) &&
      field.hidden !== true &&
      !FILLED.has(field.name) &&
      !WORKED_OUT.has(field.type) &&
      (field.type !== "sequence" || field.inputable === true) &&
      (allowed === null || allowed.includes(field.name)),
  );
}

/** Every column with its field: as people chose, else as the server proposes. */
export const mapped = (columns: readonly PreviewColumn[], chosen: Mapping): Mapping =>
  Object.fromEntries(
    columns.map(({ header, field }) => [header, header in chosen ? (chosen[header] ?? null) : field]),
  );

/** A field takes one column: whoever gives it to another takes it from the one that had it. */
export function reassigned(mapping: Mapping, header: string, field: string | null): Mapping {
  const others = Object.entries(mapping).map(([other, had]) => [other, had === field ? null : had] as const);
  return { ...Object.fromEntries(others), [header]: field };
}

/** The fields by which records can be told: a column goes to them, and no two records share a value. */
export function matchable(fields: readonly Field[], mapping: Mapping): Field[] {
  const filled = new Set(Object.values(mapping));
  return fields.filter(
    (field) => (field.unique === true || field.primaryKey === true) && filled.has(field.name),
  );
}
