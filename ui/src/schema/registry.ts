/** Which kind a field is of: by its interface, else by how it is stored. */
import { optionsOf, type Field } from "@/api/metadata";
import { boolean } from "@/schema/kinds/boolean";
import { json, JsonInput } from "@/schema/kinds/json";
import { dateOnly, datetime, stamp, time, wallClock } from "@/schema/kinds/moment";
import { BigInput, bigInt, decimal, integer, key, number, percent, reference } from "@/schema/kinds/number";
import { person, toMany, toOne } from "@/schema/kinds/relation";
import { array, multipleSelect, select } from "@/schema/kinds/select";
import { email, identifier, LineInput, password, phone, text, textarea, url } from "@/schema/kinds/text";
import { storedAs } from "@/schema/operators";
import type { Kind } from "@/schema/types";

/** Interfaces that say more than the type does. Those that are not here are shown as their type is. */
const BY_INTERFACE: Readonly<Record<string, Kind>> = {
  email,
  phone,
  url,
  percent,
  textarea,
  markdown: textarea,
  vditor: textarea,
  richText: textarea,
  id: key,
  createdAt: stamp,
  updatedAt: stamp,
  createdBy: person,
  updatedBy: person,
};

const BY_TYPE: Readonly<Record<string, Kind>> = {
  string: text,
  text: textarea,
  uid: identifier,
  uuid: identifier,
  nanoid: identifier,
  sequence: text,
  integer,
  bigInt,
  float: number,
  double: number,
  decimal,
  snowflakeId: key,
  sort: key,
  boolean,
  date: datetime,
  datetimeTz: datetime,
  datetimeNoTz: wallClock,
  dateOnly,
  time,
  unixTimestamp: datetime,
  json,
  jsonb: json,
  array,
  set: array,
  password,
  belongsTo: toOne,
  hasOne: toOne,
  hasMany: toMany,
  belongsToMany: toMany,
};

/** Types that hold the values of an interface: `percent` over text would not be a share of 1. */
const FITTING: Readonly<Record<string, ReadonlySet<string>>> = {
  percent: new Set(["float", "double"]),
  id: new Set(["bigInt", "integer"]),
};

export function kindOf(field: Field): Kind {
  const type = storedAs(field);
  if (optionsOf(field)) return type === "array" || type === "set" ? multipleSelect : select;
  if (field.isForeignKey && (type === "bigInt" || type === "integer")) return reference;
  const named = BY_INTERFACE[field.interface ?? ""];
  const fits = FITTING[field.interface ?? ""]?.has(type) ?? true;
  return (fits ? named : undefined) ?? BY_TYPE[type] ?? json;
}

/** Of what is compared with a field in a filter: also of those that people do not write. */
export function operandInput(field: Field): NonNullable<Kind["Input"]> {
  const own = kindOf(field);
  if (own.Input && !own.lines) return own.Input;
  const type = storedAs(field);
  if (COUNTED.has(type)) return BigInput;
  const stored = BY_TYPE[type];
  return stored?.Input && !stored.lines
    ? stored.Input
    : type === "json" || type === "jsonb"
      ? JsonInput
      : LineInput;
}

const COUNTED: ReadonlySet<string> = new Set(["bigInt", "snowflakeId", "sort"]);

/** Types that the server alone writes, whatever the role may do. */
const WORKED_OUT: ReadonlySet<string> = new Set(["formula", "sort", "snowflakeId", "virtual"]);
const STAMPS: ReadonlySet<string> = new Set(["createdAt", "updatedAt", "createdBy", "updatedBy"]);

/** Whether people write the field at all; `existing` says that it is one of a record that is there. */
export function isWritten(field: Field, existing = true): boolean {
  if (WORKED_OUT.has(field.type) || STAMPS.has(field.interface ?? "")) return false;
  if (field.type === "sequence") return field.inputable === true;
  if (field.type === "uuid" || field.type === "nanoid") return field.autoFill === false;
  if (field.primaryKey) return !existing && field.autoIncrement !== true;
  return kindOf(field).Input !== null;
}

/** Whether a table shows it at all. */
export const isShown = (field: Field): boolean =>
  field.hidden !== true && field.type !== "virtual" && field.type !== "password";

export const isSortable = (field: Field): boolean => kindOf(field).sortable !== false && isShown(field);
