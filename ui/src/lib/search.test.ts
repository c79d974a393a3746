import { expect, test } from "vitest";
import { listSearch } from "@/lib/search";
import { suggestPassword } from "@/lib/password";

test("what an address says of a list is taken where it fits", () => {
  expect(listSearch({ page: 2, pageSize: 50, search: "ada", sort: "-email" }, ["email"])).toEqual({
    page: 2,
    pageSize: 50,
    search: "ada",
    sort: "-email",
  });
  expect(listSearch({ page: 0, pageSize: 5000, search: 7, sort: "password" }, ["email"])).toEqual({
    search: "7",
  });
});

test("a suggested password has four groups of letters that are told apart, and is another each time", () => {
  expect(suggestPassword()).toMatch(/^[a-hjkmnp-z2-9]{4}(-[a-hjkmnp-z2-9]{4}){3}$/);
  expect(suggestPassword()).not.toBe(suggestPassword());
});
