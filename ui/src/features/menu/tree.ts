/** The menu as a tree, and where an item goes when it is moved. */
import type { Move } from "@/api/mutations/administration";
import type { MenuItem } from "@/api/queries/administration";

export interface Branch {
  item: MenuItem;
  inside: Branch[];
}

/** Flat items, in the order within their groups → the tree. */
export function treeOf(items: readonly MenuItem[], parent: number | null = null): Branch[] {
  return items
    .filter(({ parentId }) => parentId === parent)
    .map((item) => ({ item, inside: treeOf(items, item.id) }));
}

/** All groups into which an item may go: not itself, nor what is in it. */
export function groupsFor(items: readonly MenuItem[], id: number | null): MenuItem[] {
  const within = (item: MenuItem | undefined): boolean =>
    item !== undefined && (item.id === id || within(items.find((other) => other.id === item.parentId)));
  return items.filter((item) => item.kind === "group" && !within(item));
}

/** One place up or down among its neighbours; nothing where it is at the end. */
export function step(items: readonly MenuItem[], id: number, direction: "up" | "down"): Move | null {
  const item = items.find((other) => other.id === id);
  if (!item) return null;
  const neighbours = items.filter(({ parentId }) => parentId === item.parentId);
  const at = neighbours.findIndex((other) => other.id === id);
  const target = neighbours[direction === "up" ? at - 1 : at + 1];
  if (!target) return null;
  return { sourceId: id, targetId: target.id, method: direction === "up" ? "prepend" : "insertAfter" };
}

export interface Drop {
  source: number;
  /** What it was dropped at. */
  target: number;
  /** On it, or before or behind it. */
  where: "on" | "before" | "behind";
}

/** Where an item goes that was dropped; nothing where it can not: in itself, or in what is no group. */
export function dropped(items: readonly MenuItem[], { source, target, where }: Drop): Move | null {
  const goal = items.find(({ id }) => id === target);
  if (!goal || source === target) return null;
  const home = where === "on" ? goal.id : goal.parentId;
  if (home !== null && !groupsFor(items, source).some(({ id }) => id === home)) return null;
  if (where === "on") return { sourceId: source, parentId: goal.id };
  return { sourceId: source, targetId: goal.id, method: where === "before" ? "prepend" : "insertAfter" };
}
