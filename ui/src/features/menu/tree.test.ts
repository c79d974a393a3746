import { describe, expect, test } from "vitest";
import type { MenuItem, MenuKind } from "@/api/queries/administration";
import { dropped, groupsFor, step, treeOf } from "@/features/menu/tree";

const item = (id: number, kind: MenuKind, parentId: number | null = null): MenuItem => ({
  id,
  kind,
  parentId,
  title: `T${id}`,
  icon: null,
  collection: null,
  url: null,
  roles: null,
});

/** 1 group (2 collection, 3 group (4 link)), 5 collection */
const items = [
  item(1, "group"),
  item(5, "collection"),
  item(2, "collection", 1),
  item(3, "group", 1),
  item(4, "link", 3),
];

test("items become a tree", () => {
  const [first, second] = treeOf(items);
  expect(first?.inside.map((branch) => branch.item.id)).toEqual([2, 3]);
  expect(first?.inside[1]?.inside[0]?.item.id).toBe(4);
  expect(second?.item.id).toBe(5);
});

test("a group goes neither into itself nor into what is in it", () => {
  expect(groupsFor(items, 1)).toEqual([]);
  expect(groupsFor(items, 3).map(({ id }) => id)).toEqual([1]);
  expect(groupsFor(items, null).map(({ id }) => id)).toEqual([1, 3]);
});

test("a step goes past the neighbour, and not beyond the ends", () => {
  expect(step(items, 3, "up")).toEqual({ sourceId: 3, targetId: 2, method: "prepend" });
  expect(step(items, 1, "down")).toEqual({ sourceId: 1, targetId: 5, method: "insertAfter" });
  expect(step(items, 1, "up")).toBeNull();
  expect(step(items, 5, "down")).toBeNull();
  expect(step(items, 99, "down")).toBeNull();
});

describe("what is dropped", () => {
  test("on a group goes into it; beside another goes there", () => {
    expect(dropped(items, { source: 5, target: 3, where: "on" })).toEqual({ sourceId: 5, parentId: 3 });
    expect(dropped(items, { source: 5, target: 2, where: "before" })).toEqual({
      sourceId: 5,
      targetId: 2,
      method: "prepend",
    });
    expect(dropped(items, { source: 4, target: 5, where: "behind" })).toEqual({
      sourceId: 4,
      targetId: 5,
      method: "insertAfter",
    });
  });
  test.each([
    [5, 2, "on"],
    [1, 3, "on"],
    [1, 4, "before"],
    [1, 1, "behind"],
    [1, 99, "on"],
  ] as const)("%i at %i (%s) stays where it is", (source, target, where) => {
    expect(dropped(items, { source, target, where })).toBeNull();
  });
});
