import { expect, test } from "vitest";
import type { MenuEntry } from "@/api/queries/administration";
import { countOf, fitting } from "@/features/shell/menuItems";

const leaf = (id: number, title: string): MenuEntry => ({ id, kind: "collection", title, icon: null });
const entries: MenuEntry[] = [
  leaf(1, "Orders"),
  {
    id: 2,
    kind: "group",
    title: "Stock",
    icon: null,
    children: [leaf(3, "Goods"), leaf(4, "Orders of ours")],
  },
  { id: 5, kind: "group", title: "Empty", icon: null },
];
const titles = (found: readonly MenuEntry[]): unknown[] =>
  found.map(({ title, children }) => (children ? [title, titles(children)] : title));

test("what has the word is found, in its group", () => {
  expect(titles(fitting(entries, "ORDER "))).toEqual(["Orders", ["Stock", ["Orders of ours"]]]);
  expect(titles(fitting(entries, "stock"))).toEqual([["Stock", ["Goods", "Orders of ours"]]]);
  expect(fitting(entries, "nothing")).toEqual([]);
  expect(fitting(entries, "")).toEqual(entries);
});

test("groups lead nowhere, and are not counted", () => {
  expect(countOf(entries)).toBe(3);
});
