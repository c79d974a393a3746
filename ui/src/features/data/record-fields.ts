/** Which fields of a record stand where in its form. */
import { isToMany, isToOne, type Collection, type Field } from "@/api/metadata";
import { isShown } from "@/schema/registry";

export interface Parts {
  /** In the order of the collection: written by people, or worked out. */
  main: Field[];
  /** Relations to many, each with a table of its own once the record is there. */
  many: Field[];
  /** Key, and who made and changed the record when. */
  stamps: Field[];
}

const STAMPS: ReadonlySet<string> = new Set([
  "createdAt",
  "updatedAt",
  "createdBy",
  "updatedBy",
  "id",
  "sort",
]);

/** `may`: whether the role may see the field. */
export function partsOf(collection: Collection, may: (name: string) => boolean): Parts {
  const visible = collection.fields.filter(({ name, hidden }) => hidden !== true && may(name));
  const covered = new Set(visible.filter(isToOne).map((field) => field.foreignKey));
  const parts: Parts = { main: [], many: [], stamps: [] };
  for (const field of visible) {
    if (field.isForeignKey && covered.has(field.name)) continue;
    if (isToMany(field)) parts.many.push(field);
    else if (STAMPS.has(field.interface ?? "")) parts.stamps.push(field);
    else if (isShown(field) || field.type === "password") parts.main.push(field);
  }
  return parts;
}
