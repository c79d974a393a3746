/** What people have changed of a record and not stored yet. */
import type { ApiError } from "@/api/client";
import { fieldOf, isRelation, keyOf, type Collection, type Field, type Row } from "@/api/metadata";
import { atField } from "@/components/refusals";
import { Unreadable } from "@/schema/types";

/** By the names of fields; relations hold records. */
export type Changes = Readonly<Row>;

/** Finds a collection by its name. */
export type Find = (name: string | undefined) => Collection | undefined;

/** The value as it is sent: of relations the keys of their records. */
export function plain(field: Field, value: unknown, find: Find): unknown {
  const target = isRelation(field) ? find(field.target) : undefined;
  if (!target) return value ?? null;
  const key = (row: unknown) => (typeof row === "object" && row !== null ? keyOf(target, row as Row) : null);
  return Array.isArray(value) ? value.map(key) : key(value);
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The changes with one more; what is as it was before is none. */
export function withChange(
  changes: Changes,
  row: Readonly<Row>,
  field: Field,
  value: unknown,
  find: Find,
): Changes {
  const others = Object.fromEntries(Object.entries(changes).filter(([name]) => name !== field.name));
  const unchanged =
    !(value instanceof Unreadable) && same(plain(field, value, find), plain(field, row[field.name], find));
  return unchanged ? others : { ...others, [field.name]: value };
}

/** The body of the request: nothing but what was changed. */
export function bodyOf(collection: Collection, changes: Changes, find: Find): Row {
  return Object.fromEntries(
    Object.entries(changes).map(([name, value]) => {
      const field = fieldOf(collection, name);
      return [name, field ? plain(field, value, find) : value];
    }),
  );
}

/** Over so many relations pages show of a record what another one holds: filters reach so far. */
const REACH = 2;

/** The collections of which something is shown otherwise once these values of a record are stored. */
export function touched(
  collection: Collection,
  written: readonly string[],
  all: readonly Collection[],
): ReadonlySet<string> {
  const names = new Set([collection.name]);
  for (const name of written) {
    const field = fieldOf(collection, name);
    // The other records of a relation hold its key, or the table between does.
    if (field && isRelation(field)) for (const of of [field.target, field.through]) if (of) names.add(of);
  }
  for (let step = 0; step < REACH; step++) {
    const leading = all.filter(({ fields }) => fields.some(({ target }) => target && names.has(target)));
    for (const { name } of leading) names.add(name);
  }
  return names;
}

/** Fields in which something stands that is no value. */
export const unreadable = (changes: Changes): string[] =>
  Object.keys(changes).filter((name) => changes[name] instanceof Unreadable);

const STAMPS: ReadonlySet<string> = new Set(["updatedAt", "updatedBy"]);

/** The fields that differ between two states of a record, but for who changed it when. */
export function differing(
  collection: Collection,
  one: Readonly<Row>,
  other: Readonly<Row>,
  find: Find,
): Field[] {
  return collection.fields.filter(
    (field) =>
      !STAMPS.has(field.interface ?? field.name) &&
      field.isForeignKey !== true &&
      !same(plain(field, one[field.name], find), plain(field, other[field.name], find)),
  );
}

export interface Complaints {
  /** Name of a field → what is wrong with it. */
  fields: Readonly<Record<string, string>>;
  /** What is wrong beside. */
  others: readonly string[];
}

/**
 * What an error says, at the fields that it names: of a nested one at the relation, of a foreign key at the relation
 * over it. `shown` are the fields that stand in the form; `taken` is said where another record has the value. A field
 * that does not stand there is told of by its title.
 */
export function complaints(
  error: ApiError,
  collection: Collection,
  shown: readonly Field[],
  taken: string,
  title: (field: Field) => string,
): Complaints {
  const fields: Record<string, string> = {};
  const others: string[] = [];
  for (const entry of error.all) {
    const { code, message, reason, field, fields: several } = entry;
    const named = typeof field === "string" ? [field] : Array.isArray(several) ? several.map(String) : [];
    const places = named.map((name) => placeOf(name, collection, shown)).filter((name) => name !== null);
    for (const name of places)
      fields[name] ??= code === "CONFLICT" && Array.isArray(several) ? taken : atField(entry);
    if (places.length > 0) continue;
    const hidden = named.map((name) => fieldOf(collection, name)).find((one) => one !== undefined);
    others.push(hidden && typeof reason === "string" ? `${title(hidden)}: ${reason}` : message);
  }
  return { fields, others };
}

function placeOf(path: string, collection: Collection, shown: readonly Field[]): string | null {
  const name = path.split(".")[0] ?? path;
  const isShown = (wanted: string) => shown.some((field) => field.name === wanted);
  if (isShown(name)) return name;
  const over = collection.fields.find((field) => field.type === "belongsTo" && field.foreignKey === name);
  return over && isShown(over.name) ? over.name : null;
}
