import { expect, test } from "vitest";
import { isNarrowed, kinds, readSearch, toQuery } from "@/features/fleet/search";

test("in the address stands only what is known and not as usual", () => {
  expect(readSearch({})).toEqual({});
  expect(
    readSearch({ page: 1, size: 20, sort: "displayName", status: "", q: "", labels: [], shown: "all" }),
  ).toEqual({});
  expect(
    readSearch({ page: "x", size: 7, sort: "stamp", status: "gone", start: "never", labels: "a", other: 1 }),
  ).toEqual({});
  const given = {
    q: "shop",
    page: 3,
    size: 50,
    sort: "-lastVisitAt",
    status: "running,error",
    environment: "east",
    start: "withMain",
    labels: ["a,b"],
  };
  expect(readSearch(given)).toEqual(given);
  expect(readSearch({ q: 12 })).toEqual({ q: "12" });
});

test("deleted ones are listed by when they were deleted, others by name", () => {
  expect(toQuery({}).sort).toEqual(["displayName", "name"]);
  expect(toQuery({ shown: "deleted" }).sort).toEqual(["-deletedAt", "name"]);
  expect(toQuery({ sort: "-name" }).sort).toBe("-name");
  expect(readSearch({ shown: "deleted", sort: "-deletedAt" })).toEqual({ shown: "deleted" });
  expect(readSearch({ shown: "deleted", sort: "displayName" })).toEqual({
    shown: "deleted",
    sort: "displayName",
  });
});

test("what is asked for says which are left out, whatever else it says", () => {
  expect(toQuery({}).filter).toEqual({ $and: [{ wanted: { $ne: "deleted" } }] });
  expect(toQuery({ shown: "deleted" }).filter).toEqual({ $and: [{ wanted: "deleted" }] });
  expect(toQuery({ q: "  ", page: 2, size: 50 })).toMatchObject({
    filter: { $and: [{ wanted: { $ne: "deleted" } }] },
    page: 2,
    pageSize: 50,
  });
});

test("every choice is a condition", () => {
  const { filter } = toQuery({
    q: " shop ",
    status: "asleep,error",
    environment: "east",
    start: "onFirstVisit",
    labels: ["sales"],
  });
  expect(filter).toEqual({
    $and: [
      { wanted: { $ne: "deleted" } },
      {
        $or: [
          { displayName: { $includes: "shop" } },
          { name: { $includes: "shop" } },
          { cname: { $includes: "shop" } },
          { labels: { $includes: "shop" } },
        ],
      },
      { $or: [{ $and: [{ status: "stopped" }, { wanted: "asleep" }] }, { status: "error" }] },
      { environments: { $anyOf: ["east"] } },
      { "options.startMode": { $ne: "withMain" } },
      { labels: { $anyOf: ["sales"] } },
    ],
  });
  expect(kinds({ status: "asleep,error" })).toEqual(["asleep", "error"]);
  expect(isNarrowed({ page: 2, sort: "name", shown: "deleted" })).toBe(false);
  expect(isNarrowed({ q: "a" })).toBe(true);
});
