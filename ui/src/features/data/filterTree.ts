/** A filter as people build it, and as the API takes it. */
import { operatorOf, type OperatorName } from "@/schema/operators";
import { Unreadable } from "@/schema/types";

export interface Condition {
  kind: "condition";
  id: number;
  /** Of the field, through relations: `author.name`. Empty while none is chosen. */
  path: string;
  operator: OperatorName;
  /** `undefined` while nothing is given yet. */
  value: unknown;
}

export interface Group {
  kind: "group";
  id: number;
  /** Whether all of them have to hold, or any one. */
  all: boolean;
  items: Item[];
}

export type Item = Group | Condition;

let last = 0;
const fresh = (): number => ++last;

export const group = (all = true, items: Item[] = []): Group => ({ kind: "group", id: fresh(), all, items });

export const condition = (path = "", operator: OperatorName = "eq", value?: unknown): Condition => ({
  kind: "condition",
  id: fresh(),
  path,
  operator,
  value,
});

/** Whether a condition says something: a field, and what its operator takes. */
export function isWhole({ path, operator, value }: Condition): boolean {
  if (!path || value instanceof Unreadable) return false;
  switch (operatorOf(operator)?.operand) {
    case "none":
      return true;
    case "values":
      return Array.isArray(value) && value.length > 0;
    case "range":
    case "days":
      return Array.isArray(value) && value.some((end) => end !== null && end !== undefined);
    case "text":
      return typeof value === "string" && value !== "";
    case undefined:
      return false;
    default:
      return value !== undefined && value !== null && value !== "";
  }
}

/** How many conditions say something. */
export const count = (item: Item): number =>
  item.kind === "condition" ? Number(isWhole(item)) : item.items.reduce((sum, part) => sum + count(part), 0);

/** As the API takes it, without what says nothing; `null` where that is everything. */
export function toJson(item: Item): object | null {
  if (item.kind === "condition") {
    if (!isWhole(item)) return null;
    const value = operatorOf(item.operator)?.operand === "none" ? true : item.value;
    return { [item.path]: { [`$${item.operator}`]: value } };
  }
  const parts = item.items.map(toJson).filter((part) => part !== null);
  return parts.length === 0 ? null : { [item.all ? "$and" : "$or"]: parts };
}

/** What a filter of the API looks like to people; `null` where they can not build one like it. */
export function fromJson(filter: object): Group | null {
  const item = read(filter);
  if (item === null) return null;
  return item.kind === "group" ? item : group(true, [item]);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function read(filter: unknown): Item | null {
  if (!isObject(filter)) return null;
  return together(Object.entries(filter).map(([name, value]) => entry(name, value)));
}

function entry(name: string, value: unknown): Item | null {
  if (name === "$and" || name === "$or") {
    if (!Array.isArray(value)) return null;
    const items = value.map(read);
    return items.includes(null) ? null : group(name === "$and", items as Item[]);
  }
  if (name.startsWith("$")) return null;
  if (!isObject(value)) return condition(name, Array.isArray(value) ? "in" : "eq", value);
  const conditions = Object.entries(value).map(([operator, operand]) => {
    const known = operatorOf(operator.replace(/^\$/, ""));
    if (!operator.startsWith("$") || !known) return null;
    return known.operand === "none" && operand !== true ? null : condition(name, known.name, operand);
  });
  return together(conditions);
}

/** One as it is, several as a group of which all have to hold. */
function together(items: readonly (Item | null)[]): Item | null {
  const [only] = items;
  if (items.includes(null)) return null;
  if (items.length === 1 && only) return only;
  return items.length === 0 ? null : group(true, items as Item[]);
}

/** The tree with one item changed (`null`: taken out). */
export function changed(tree: Group, id: number, change: (item: Item) => Item | null): Group {
  const items = tree.items.flatMap((item) => {
    const next = item.id === id ? change(item) : item.kind === "group" ? changed(item, id, change) : item;
    return next === null ? [] : [next];
  });
  return { ...tree, items };
}
