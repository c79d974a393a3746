/** What an export is asked for with. */
import type { Query } from "@/api/client";
import { fieldOf, isRelation, type Collection } from "@/api/metadata";

export interface ExportChoice {
  format: "csv" | "jsonl";
  which: "all" | "filtered";
  columns: "all" | "shown";
  /** Texts that a spreadsheet would run as formulas are made harmless. */
  spreadsheet: boolean;
}

export interface Table {
  filter?: object | null | undefined;
  sort?: readonly string[] | undefined;
  /** Names of the fields that are shown. */
  fields: readonly string[];
}

/** `allowed`: the fields that the role may export, `null` for all. */
export function exportQuery(
  collection: Collection,
  { format, which, columns, spreadsheet }: ExportChoice,
  { filter, sort, fields }: Table,
  allowed: readonly string[] | null,
): Query {
  const open = fields.filter((name) => {
    const field = fieldOf(collection, name);
    return field && field.hidden !== true && (allowed === null || allowed.includes(name));
  });
  const related = (name: string): boolean => {
    const field = fieldOf(collection, name);
    return field !== undefined && isRelation(field);
  };
  const chosen = columns === "shown" && open.length > 0;
  const own = open.filter((name) => !related(name));
  return {
    format,
    ...(format === "csv" && spreadsheet ? { spreadsheet: true } : {}),
    ...(which === "filtered" && filter ? { filter } : {}),
    ...(sort && sort.length > 0 ? { sort } : {}),
    ...(chosen ? { fields: own.length > 0 ? own : [collection.filterTargetKey ?? "id"] } : {}),
    ...(chosen && open.some(related) ? { appends: open.filter(related) } : {}),
  };
}
