import { expect, test } from "vitest";
import type { Card } from "@/api/fleet";
import { moved, ways } from "@/features/shell/ways";

const card = (name: string): Card => ({
  name,
  displayName: name.toUpperCase(),
  icon: null,
  status: "running",
  wanted: "running",
  pinned: false,
  labels: [],
  url: `/apps/${name}/admin/`,
  inLauncher: true,
  inSwitcher: true,
  environments: [],
});
const main = { name: "House", icon: null };

test("from the main application others open in a tab of their own, elsewhere in the same", () => {
  const all = [card("shop"), card("wiki")];
  const fromMain = ways(main, all, { app: "main", main: true });
  expect(fromMain.map(({ key, apart, here }) => [key, apart, here])).toEqual([
    ["main", false, true],
    ["shop", true, false],
    ["wiki", true, false],
  ]);
  const fromShop = ways(main, all, { app: "shop", main: false });
  expect(fromShop.map(({ key, apart, here }) => [key, apart, here])).toEqual([
    ["main", false, false],
    ["shop", false, true],
    ["wiki", false, false],
  ]);
});

test("the main application is found by its name as the others are", () => {
  expect(ways(main, [card("shop")], { app: "shop", main: false }, "hou")[0]?.key).toBe("main");
  expect(ways(main, [card("shop")], { app: "shop", main: false }, "sh")[0]?.key).toBe("shop");
});

test("arrows go round", () => {
  expect(moved("ArrowDown", 2, 3)).toBe(0);
  expect(moved("ArrowUp", 0, 3)).toBe(2);
  expect(moved("Home", 2, 3)).toBe(0);
  expect(moved("End", 0, 3)).toBe(2);
  expect(moved("a", 0, 3)).toBeNull();
  expect(moved("ArrowDown", 0, 0)).toBeNull();
});
