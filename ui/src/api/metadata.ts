/** Collections and fields, as the server's document describes them, and what follows from what they say. */
import type { components } from "@/api/schema";

type Schemas = components["schemas"];

export type Field = Schemas["insula.Field"];

/** A collection, as lists of them tell it; they may leave out its fields. */
export type Listed = Schemas["insula.Collection"];

/** With its fields. */
export type Collection = Listed & { fields: Field[] };

/** One of the values of a select, as it is kept; it may be the value alone. */
export type Choice = Schemas["insula.Choice"];

/** The same with all that it is shown by. */
export interface Option {
  value: Choice["value"];
  label: string;
  color: string | null;
}

/** Words that stand in braces in titles of fields that come by themselves: `{{t("Created at")}}`. */
const WORD = /^\{\{\s*t\(["'](.+?)["']\)\s*\}\}$/;

/** What a field or collection is called: its title, with words in braces taken out of them; else its name. */
export function plainTitle(title: string | null | undefined, name: string): string {
  const text = title?.trim();
  if (!text) return name;
  return WORD.exec(text)?.[1] ?? text;
}

export const fieldTitle = (field: Field): string => plainTitle(field.uiSchema?.title, field.name);
export const collectionTitle = (collection: Listed): string => plainTitle(collection.title, collection.name);

const TO_ONE: ReadonlySet<string> = new Set(["belongsTo", "hasOne"]);
const TO_MANY: ReadonlySet<string> = new Set(["hasMany", "belongsToMany"]);

export const isToOne = (field: Field): boolean => TO_ONE.has(field.type);
export const isToMany = (field: Field): boolean => TO_MANY.has(field.type);
export const isRelation = (field: Field): boolean => isToOne(field) || isToMany(field);

export const fieldOf = (collection: Collection, name: string): Field | undefined =>
  collection.fields.find((field) => field.name === name);

/** What a field may hold, where it is a select. */
export function optionsOf(field: Field): Option[] | null {
  const choices = field.uiSchema?.enum;
  if (!Array.isArray(choices) || choices.length === 0) return null;
  return choices.map((choice) => {
    const { value, label, color } = typeof choice === "object" ? choice : { value: choice };
    return { value, label: label ?? String(value), color: color ?? null };
  });
}

const TEXTS: ReadonlySet<string> = new Set(["string", "text", "uid", "sequence", "nanoid"]);
/** Names that fields which tell people what a record is often have, best first. */
const TELLING = ["title", "name", "nickname", "label", "subject", "number", "username", "email"];

/** The field by which people know a record: the collection's title field, else the likeliest one. */
export function labelField(collection: Collection): Field | undefined {
  const shown = collection.fields.filter((field) => field.hidden !== true);
  const chosen = shown.find((field) => field.name === collection.titleField);
  if (chosen) return chosen;
  const texts = shown.filter((field) => TEXTS.has(field.type));
  for (const name of TELLING) {
    const found = texts.find((field) => field.name === name);
    if (found) return found;
  }
  return texts[0] ?? shown.find((field) => field.name === collection.filterTargetKey);
}

/** The key of a record in addresses; `null` where its collection has none. */
export function keyOf(collection: Collection, record: Readonly<Record<string, unknown>>): Key | null {
  const value = collection.filterTargetKey === null ? null : record[collection.filterTargetKey];
  return typeof value === "string" || typeof value === "number" ? value : null;
}

export type Key = string | number;

/** A record, by the names of its fields. */
export type Row = Record<string, unknown>;
