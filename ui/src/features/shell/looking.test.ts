import { expect, test } from "vitest";
import { looking } from "@/features/shell/looking";

const held = [{ name: "admin" }, { name: "member" }];

test("who looks through a role of others is told so", () => {
  expect(looking(held, "clerk", "clerk")).toBe("through");
  expect(looking(held, "clerk", null)).toBe("through");
});

test("one's own role needs no words", () => {
  expect(looking(held, "admin", null)).toBe("own");
  expect(looking(held, "member", "member")).toBe("own");
});

test("a role that was chosen and is not in force any more is spoken of", () => {
  expect(looking(held, "admin", "clerk")).toBe("ended");
  expect(looking(held, "admin", "member")).toBe("ended");
});
