import { expect, test } from "vitest";
import { createMemoryHistory, createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { listSearch, only } from "@/lib/search";
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

test("what a route does not take of its address does not reach its page", async () => {
  const root = createRootRoute();
  const people = createRoute({
    getParentRoute: () => root,
    path: "/people",
    validateSearch: only((search) => listSearch(search, ["email"])),
  });
  const router = createRouter({
    routeTree: root.addChildren([people]),
    history: createMemoryHistory({
      initialEntries: ["/people?page=abc&pageSize=5000&sort=5&search=ada&other=1"],
    }),
  });
  await router.load();
  expect(router.state.matches.at(-1)?.search).toEqual({ search: "ada" });
});

test("a suggested password has four groups of letters that are told apart, and is another each time", () => {
  expect(suggestPassword()).toMatch(/^[a-hjkmnp-z2-9]{4}(-[a-hjkmnp-z2-9]{4}){3}$/);
  expect(suggestPassword()).not.toBe(suggestPassword());
});
