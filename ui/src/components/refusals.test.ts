import { describe, expect, test } from "vitest";
import { ApiError, type ErrorEntry } from "@/api/client";
import { isRefusal } from "@/api/errors";
import { refusalsOf } from "@/components/refusals";

const ITEMS = ["username", "email", "password", "roles", "name"];

const said = (...entries: Partial<ErrorEntry>[]) => {
  const all = entries.map((entry) => ({ code: "VALIDATION_ERROR", message: "", ...entry }));
  const error = new ApiError(400, "VALIDATION_ERROR", all[0]?.message ?? "", null, {}, all);
  return refusalsOf(error, "taken", (name) => ITEMS.includes(name));
};

describe("what was refused of a form", () => {
  test("stands at the field that the answer names", () => {
    const message = 'The field "name" of "apiKeys" must be text of at most 255 characters.';
    const reason = "Must be text of at most 255 characters.";
    expect(said({ message, reason, field: "name" })).toEqual({
      items: { name: "Must be text of at most 255 characters." },
      others: [],
    });
  });

  test("stands there in any language", () => {
    const message = "password至少需要 8 个字符。";
    const reason = "至少需要 8 个字符。";
    expect(said({ message, reason, field: "password" }).items).toEqual({ password: reason });
  });

  test("is short where another has the value", () => {
    const message = 'The value of "email" in "users" is already taken.';
    expect(said({ code: "CONFLICT", message, fields: ["email"] })).toEqual({
      items: { email: "taken" },
      others: [],
    });
  });

  test("stands above the form where no item is about it, each sentence once", () => {
    const message = "A user needs a username or an e-mail address to sign in with.";
    const hidden = 'The field "sub" of "users" is required.';
    expect(said({ message }, { message: hidden, field: "sub" })).toEqual({
      items: {},
      others: [message, hidden],
    });
  });

  test("are also rights that go beyond one's own, and no other denial", () => {
    expect(isRefusal(new ApiError(403, "ESCALATION", "…"))).toBe(true);
    expect(isRefusal(new ApiError(403, "PERMISSION_DENIED", "…"))).toBe(false);
    expect(isRefusal(new ApiError(503, "UNAVAILABLE", "…"))).toBe(false);
  });
});
