import { describe, expect, test } from "vitest";
import { grants } from "@/components/rights";
import { actionsOf, bodyOf, permissionsOf, strategyOf, withSnippet } from "@/features/access/permissions";

const numbers = new Map([
  ["all", 1],
  ["own", 2],
  ["mine", 7],
]);

describe("the general setting", () => {
  test("comes back as it went", () => {
    const actions = ["view", "create", "update:own", "destroy:own"];
    expect(actionsOf(strategyOf(actions))).toEqual(actions);
    expect(strategyOf(["view:all", "export"])).toMatchObject({ view: "all", export: "all", import: "none" });
  });
  test("takes the wider of two, and passes over what it does not know", () => {
    expect(strategyOf(["view:own", "view", "fly"]).view).toBe("all");
    expect(strategyOf(["view", "view:own"]).view).toBe("all");
    expect(actionsOf(strategyOf(undefined))).toEqual([]);
  });
});

describe("the setting of one collection", () => {
  test("begins with what the general one says", () => {
    const begun = permissionsOf(undefined, strategyOf(["view", "update:own"]), numbers);
    expect(begun.view).toEqual({ allowed: true, fields: [], scope: "all" });
    expect(begun.update.scope).toBe("own");
    expect(begun.destroy.allowed).toBe(false);
  });
  test("does not count while it is switched off", () => {
    const kept = { usingActionsConfig: false, actions: [{ name: "destroy" }] };
    expect(permissionsOf(kept, strategyOf(["view"]), numbers).destroy.allowed).toBe(false);
  });
  test("stands in place of the general one, whatever way the scope is named", () => {
    const actions = [
      { name: "view", fields: ["title"], scope: { key: "all" } },
      { name: "update", scope: 2 },
      { name: "destroy", scopeId: 7 },
      { name: "export", scope: "mine" },
      { name: "create", fields: null },
    ];
    const read = permissionsOf({ usingActionsConfig: true, actions }, strategyOf(["import"]), numbers);
    expect(read.view).toEqual({ allowed: true, fields: ["title"], scope: "all" });
    expect(read.update.scope).toBe("own");
    expect(read.destroy.scope).toBe(7);
    expect(read.export.scope).toBe(7);
    expect(read.import.allowed).toBe(false);
    expect(bodyOf(read)).toEqual([
      { name: "view", fields: ["title"], scope: { key: "all" } },
      { name: "create", fields: [] },
      { name: "update", fields: [], scope: { key: "own" } },
      { name: "destroy", fields: [], scope: { id: 7 } },
      { name: "export", fields: [], scope: { id: 7 } },
    ]);
  });
});

describe("snippets", () => {
  test.each([
    [[], "pm.users", ["pm.users"]],
    [["pm.*"], "pm.users", ["pm.*"]],
    [["pm.*", "!pm.users"], "pm.users", ["pm.*"]],
  ])("%j with %s", (before, snippet, after) => {
    expect(withSnippet(before, snippet, true)).toEqual(after);
    expect(grants(after, snippet)).toBe(true);
  });
  test.each([
    [["pm.users", "app"], "pm.users", ["app"]],
    [["pm.*"], "pm.users", ["pm.*", "!pm.users"]],
    [["pm", "pm.*"], "pm", ["pm.*"]],
    [["app"], "pm", ["app"]],
  ])("%j without %s", (before, snippet, after) => {
    expect(withSnippet(before, snippet, false)).toEqual(after);
    expect(grants(after, snippet)).toBe(false);
  });
});
