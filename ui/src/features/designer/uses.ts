/** What of other collections and fields speaks of one, as far as the metadata tells. */
import { collectionTitle, fieldTitle, type Collection, type Field } from "@/api/metadata";

/** Relations of other collections that lead to this one. */
export function relationsTo(name: string, all: readonly Collection[]): { from: Collection; field: Field }[] {
  return all
    .filter((from) => from.name !== name && !from.hidden)
    .flatMap((from) =>
      from.fields.filter((field) => field.target === name).map((field) => ({ from, field })),
    );
}

const reads = (expression: unknown, name: string): boolean =>
  typeof expression === "string" && new RegExp(`(^|[^\\w$])${name}([^\\w]|$)`).test(expression);

/** Formulas, orders and relations that need a field, in words. */
export function usersOf(field: Field, collection: Collection, all: readonly Collection[]): string[] {
  const beside = collection.fields
    .filter((other) => other.name !== field.name)
    .filter(
      (other) =>
        (other.type === "formula" && reads(other["expression"], field.name)) ||
        other["scopeKey"] === field.name ||
        (other.type === "belongsTo" && other.foreignKey === field.name),
    )
    .map(fieldTitle);
  const elsewhere = all.flatMap((from) =>
    from.fields
      .filter((other) => other.target === collection.name && other.type !== "belongsTo")
      .filter((other) => other.type !== "belongsToMany" && other.foreignKey === field.name)
      .map((other) => `${collectionTitle(from)}.${fieldTitle(other)}`),
  );
  return [...beside, ...elsewhere];
}

/** The relation that a foreign key belongs to, in words: of this collection, or of another one that leads here by it. */
export function relationOver(
  field: Field,
  collection: Collection,
  all: readonly Collection[],
): string | undefined {
  const own = collection.fields.find(
    (other) => other.type === "belongsTo" && other.foreignKey === field.name,
  );
  if (own) return fieldTitle(own);
  for (const from of all) {
    const other = from.fields.find(
      ({ type, target, through, foreignKey, otherKey }) =>
        ((type === "hasMany" || type === "hasOne") &&
          target === collection.name &&
          foreignKey === field.name) ||
        (type === "belongsToMany" &&
          through === collection.name &&
          (foreignKey === field.name || otherKey === field.name)),
    );
    if (other) return `${collectionTitle(from)}.${fieldTitle(other)}`;
  }
  return undefined;
}
