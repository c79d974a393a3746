import { expect, test } from "vitest";
import { readable } from "@/features/plugins/names";
import { changedOf, shownOf } from "@/features/plugins/settings";

const before = { idleSeconds: 60, signUp: false, role: "member", hosts: ["a"], note: null };

test("only what was changed is sent; what is empty goes back to its default", () => {
  expect(changedOf(before, shownOf(before))).toEqual({});
  expect(changedOf(before, { ...shownOf(before), idleSeconds: 90, signUp: true, role: "" })).toEqual({
    idleSeconds: 90,
    signUp: true,
    role: null,
  });
  expect(changedOf(before, { hosts: '["a", "b"]' })).toEqual({ hosts: ["a", "b"] });
  expect(() => changedOf(before, { hosts: "[" })).toThrow(SyntaxError);
});

test("names of settings are made readable", () => {
  expect(readable("maxRowsPerFile")).toBe("Max rows per file");
});
