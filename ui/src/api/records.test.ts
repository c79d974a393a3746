import { expect, test } from "vitest";
import { takenBack } from "@/api/mutations/records";

test("a refused change takes back what it wrote, and nothing that was changed since", () => {
  const before = { id: 1, name: "a", qty: 1, note: "old" };
  const now = { id: 1, name: "refused", qty: 2, note: "newer" };
  expect(takenBack(now, { name: "refused", note: "mine" }, before)).toEqual({
    id: 1,
    name: "a",
    qty: 2,
    note: "newer",
  });
});
