/** The columns of a table: which there are, which are shown, and what has to be asked for them. */
import { isToMany, isToOne, labelField, type Collection, type Field } from "@/api/metadata";
import { familyOf } from "@/schema/operators";
import { isShown, isSortable, lookOf } from "@/schema/registry";
import type { Look } from "@/schema/types";

export type Density = "small" | "middle" | "large";

/** How a table looks in this browser. */
export interface View {
  /** Names of fields in their order; `null` for those that are shown where nobody chose. */
  shown: string[] | null;
  widths: Record<string, number>;
  density: Density;
}

export const FIRST_VIEW: View = { shown: null, widths: {}, density: "small" };
export const LEAST_WIDTH = 60;

export interface Column {
  field: Field;
  kind: Look;
  width: number;
  /** By which it is sorted; `null` where it can not be. */
  sort: string | null;
  /** Paths that are asked for. */
  asked: string[];
}

/** Shown where nobody chose: what people made, and when the record was; no more than this. */
const MOST_AT_FIRST = 9;
const SECOND: ReadonlySet<string> = new Set(["updatedAt", "createdBy", "updatedBy", "id"]);

export function shownAtFirst(fields: readonly Field[]): string[] {
  const first = fields.filter(
    (field) =>
      !field.isForeignKey &&
      !isToMany(field) &&
      field.type !== "sort" &&
      familyOf(field) !== "json" &&
      !SECOND.has(field.interface ?? ""),
  );
  const created = first.filter((field) => field.interface === "createdAt");
  const others = first.filter((field) => field.interface !== "createdAt");
  const chosen = [...others.slice(0, MOST_AT_FIRST), ...created];
  return (chosen.length > 0 ? chosen : fields).map((field) => field.name);
}

/** Those that may stand in the table, of a collection whose relations `readable` says may be followed. */
export const columnFields = (collection: Collection, readable: (field: Field) => boolean): Field[] =>
  collection.fields.filter((field) => isShown(field) && readable(field));

export function columnsOf(fields: readonly Field[], all: readonly Collection[], view: View): Column[] {
  const names = view.shown ?? shownAtFirst(fields);
  return names.flatMap((name) => {
    const field = fields.find((other) => other.name === name);
    return field ? [columnOf(field, all, view)] : [];
  });
}

function columnOf(field: Field, all: readonly Collection[], view: View): Column {
  const kind = lookOf(field);
  const target = all.find((collection) => collection.name === field.target);
  const label = target && labelField(target)?.name;
  const asked = target ? [target.filterTargetKey, label].filter((name) => typeof name === "string") : [];
  const sort = isToOne(field) ? (label ? `${field.name}.${label}` : null) : field.name;
  return {
    field,
    kind,
    width: view.widths[field.name] ?? kind.width,
    sort: isSortable(field) ? sort : null,
    asked: asked.length > 0 ? [...new Set(asked)].map((name) => `${field.name}.${name}`) : [field.name],
  };
}

/** What is asked of each record: what is shown, its key, and who made it. */
export function fieldsAsked(collection: Collection, columns: readonly Column[]): string[] {
  const always = [collection.filterTargetKey, "createdById"].filter(
    (name) => name !== null && collection.fields.some((field) => field.name === name),
  ) as string[];
  return [...new Set([...always, ...columns.flatMap((column) => column.asked)])];
}

const SEARCHED: ReadonlySet<string> = new Set(["string", "text", "uid", "nanoid", "sequence"]);

/** The fields in which text is searched for. */
export const searchedFields = (fields: readonly Field[]): string[] =>
  fields.filter((field) => SEARCHED.has(field.type)).map((field) => field.name);
