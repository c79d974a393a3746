import { expect, test } from "vitest";
import { failed, outcomes } from "@/api/outcomes";

test("of many each answers for itself; the figure `errors` of a record is none", () => {
  const answers = [
    { name: "shop", status: "running", errors: 3 },
    { name: "blog", errors: [{ code: "APP_NOT_FOUND", message: "There is no blog." }] },
    { name: "wiki", left: null },
  ];
  const all = outcomes(["shop", "blog", "wiki"], answers);
  expect(all.map(({ name, errors }) => [name, errors.length])).toEqual([
    ["shop", 0],
    ["blog", 1],
    ["wiki", 0],
  ]);
  expect(failed(all)).toEqual([
    { name: "blog", errors: [{ code: "APP_NOT_FOUND", message: "There is no blog." }] },
  ]);
});
