/** Fields by dotted path, through relations. */
import type { TFunction } from "i18next";
import { fieldOf, isRelation, type Collection, type Field } from "@/api/metadata";
import { operatorsOf } from "@/schema/operators";
import { titleOf } from "@/schema/titles";

export interface Reached {
  field: Field;
  /** The collection that has it. */
  collection: Collection;
  /** The last relation on the way, where there is one. */
  through: Field | undefined;
}

/** `null` where a step of the path is unknown. Behind a JSON field, the rest of the path is inside of it. */
export function reach(all: readonly Collection[], from: Collection, path: string): Reached | null {
  let collection = from;
  let through: Field | undefined;
  const steps = path.split(".");
  for (const [index, step] of steps.entries()) {
    const field = fieldOf(collection, step);
    if (!field) return null;
    if (index === steps.length - 1 || !isRelation(field)) return { field, collection, through };
    const target = all.find((other) => other.name === field.target);
    if (!target) return null;
    through = field;
    collection = target;
  }
  return null;
}

export interface Step {
  value: string;
  label: string;
  children?: Step[];
}

/** Relations are followed so far. */
const DEPTH = 2;

/** The fields by which one may filter, those behind relations below them. */
export function steps(
  t: TFunction,
  all: readonly Collection[],
  from: Collection,
  sees: (collection: Collection, field: Field) => boolean,
  depth = DEPTH,
): Step[] {
  return from.fields
    .filter((field) => operatorsOf(field).length > 0 && sees(from, field))
    .map((field) => {
      const step = { value: field.name, label: titleOf(t, field) };
      const target = isRelation(field) ? all.find((other) => other.name === field.target) : undefined;
      if (!target || depth === 0) return step;
      return { ...step, children: steps(t, all, target, sees, depth - 1) };
    });
}
