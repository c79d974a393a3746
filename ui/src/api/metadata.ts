/** Collections and fields as `collections:listMeta` tells them. */

/** One of the options of a select. */
export interface Option {
  value: string | number | boolean;
  label: string;
  color: string | null;
}

/** The same as it is kept: without a label, or a colour, it may be the value alone. */
export interface Choice {
  value: string;
  label: string;
  color?: string;
}

export interface UiSchema {
  title?: string;
  enum?: (Choice | string)[];
  [setting: string]: unknown;
}

export interface Field {
  key: string;
  name: string;
  /** How it is stored; the operators of filters go by it. */
  type: string;
  /** How pages show it; `null` where only the type says so. */
  interface: string | null;
  collectionName: string;
  description?: string | null;
  uiSchema?: UiSchema | null;
  primaryKey?: boolean;
  autoIncrement?: boolean;
  allowNull?: boolean;
  required?: boolean;
  unique?: boolean;
  hidden?: boolean;
  defaultValue?: unknown;
  isForeignKey?: boolean;
  /** Of relations. */
  target?: string;
  foreignKey?: string;
  sourceKey?: string;
  targetKey?: string;
  through?: string;
  otherKey?: string;
  onDelete?: string;
  /** Of `decimal`: digits in all, and behind the point. */
  precision?: number;
  scale?: number;
  /** Of `formula`: the type of what is worked out. */
  dataType?: string;
  expression?: string;
  /** Of `sequence`: whether people may write it. */
  inputable?: boolean;
  /** Of `uuid`, `nanoid`: false where no value is made for new records. */
  autoFill?: boolean;
  length?: number;
  [setting: string]: unknown;
}

export interface Collection {
  key: string;
  name: string;
  title: string | null;
  description?: string | null;
  hidden: boolean;
  /** `db`: made by people; `code`: built in. */
  from?: "db" | "code";
  /** The field that tells records apart, `null` where none does. */
  filterTargetKey: string | null;
  /** The field by which relations show records. */
  titleField?: string;
  /** Answers `hasNext` in place of a count. */
  simplePaginate?: boolean;
  sortable?: boolean | string;
  fields: Field[];
  [setting: string]: unknown;
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
export const collectionTitle = (collection: Collection): string =>
  plainTitle(collection.title, collection.name);

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
  return (choices as (Partial<Option> | Option["value"])[]).map((choice) =>
    typeof choice === "object"
      ? {
          value: choice.value ?? "",
          label: choice.label ?? String(choice.value),
          color: choice.color ?? null,
        }
      : { value: choice, label: String(choice), color: null },
  );
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
