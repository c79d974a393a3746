/** What the kinds of fields are called, and which may become which. */
import type { ParseKeys, TFunction } from "i18next";
import type { Field } from "@/api/metadata";
import { KINDS, kindOf, kindOfType, type Kind } from "@/schema/registry";

/** Those that people choose from. */
export const OFFERED: readonly Kind[] = KINDS.filter(({ group }) => group !== undefined);

export const kindTitle = (kind: Kind): ParseKeys =>
  `designer.kind.${kind.like ?? kind.interface}` as ParseKeys;

/** The kind of a field in words; a type that none of them is of by its name. */
export function kindText(t: TFunction, field: Pick<Field, "interface" | "type">): string {
  const kind = kindOf(field);
  return kind ? t(kindTitle(kind)) : field.type;
}

/** What a formula gives, in words. */
export function resultText(t: TFunction, type: string): string {
  const kind = kindOfType(type);
  return kind ? t(kindTitle(kind)) : type;
}

/** Storage types that values can be carried over to without loss, as far as each value allows it. */
const TEXTS = ["string", "text"];
const NUMBERS = ["integer", "bigInt", "double", "float", "decimal"];
const MOMENTS = ["date", "datetimeTz", "datetimeNoTz", "dateOnly"];

/** The kinds that a field with records may be changed into; whether each value fits, the server says. */
export function changesTo(kind: Kind, type: string): readonly Kind[] {
  const plain = OFFERED.filter(
    (other) =>
      !["relation", "advanced"].includes(other.group ?? "") && !["array", "password"].includes(other.type),
  );
  const same = plain.filter((other) => other.type === type);
  if (TEXTS.includes(type)) return plain.filter((other) => other.type !== "unixTimestamp");
  if (NUMBERS.includes(type) || type === "boolean") {
    return plain.filter((other) => [...TEXTS, ...NUMBERS, "boolean"].includes(other.type));
  }
  if (MOMENTS.includes(type)) return plain.filter((other) => [...TEXTS, ...MOMENTS].includes(other.type));
  if (type === "time") return plain.filter((other) => [...TEXTS, "time"].includes(other.type));
  return same.includes(kind) ? same : [kind, ...same];
}
