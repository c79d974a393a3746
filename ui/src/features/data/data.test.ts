import { describe, expect, test } from "vitest";
import { changed, condition, count, fromJson, group, toJson } from "@/features/data/filterTree";
import { anew, filterOf, opening, readSearch, whichOf } from "@/features/data/search";
import { readSort, turned, writeSort } from "@/features/data/sorting";
import { NEW, whichText } from "@/features/data/which";

describe("filters", () => {
  const built = group(true, [
    condition("qty", "gte", 10),
    group(false, [condition("author.name", "includes", "x"), condition("done", "isTruly")]),
  ]);
  const json = {
    $and: [
      { qty: { $gte: 10 } },
      { $or: [{ "author.name": { $includes: "x" } }, { done: { $isTruly: true } }] },
    ],
  };

  test("become what the API takes, and come back the same", () => {
    expect(toJson(built)).toEqual(json);
    const again = fromJson(json);
    expect(again && toJson(again)).toEqual(json);
    expect(count(built)).toBe(3);
  });
  test("leave out what says nothing yet", () => {
    const unfinished = group(true, [
      condition(),
      condition("qty", "gte"),
      condition("qty", "in", []),
      condition("qty", "between", [null, null]),
      condition("name", "includes", ""),
      group(false),
    ]);
    expect(toJson(unfinished)).toBeNull();
    expect(count(unfinished)).toBe(0);
    expect(toJson(group(true, [condition("qty", "between", [null, 5])]))).toEqual({
      $and: [{ qty: { $between: [null, 5] } }],
    });
    expect(toJson(group(true, [condition("done", "eq", false)]))).toEqual({
      $and: [{ done: { $eq: false } }],
    });
  });
  test("are read in the shorter ways of writing, too", () => {
    const read = fromJson({ qty: { $gt: 1, $lt: 5 }, state: "new", id: [1, 2] });
    expect(read && toJson(read)).toEqual({
      $and: [
        { $and: [{ qty: { $gt: 1 } }, { qty: { $lt: 5 } }] },
        { state: { $eq: "new" } },
        { id: { $in: [1, 2] } },
      ],
    });
  });
  test("that can not be built are told from those that can", () => {
    expect(fromJson({ $not: { qty: 1 } })).toBeNull();
    expect(fromJson({ tags: { name: "red" } })).toBeNull();
    expect(fromJson({ qty: { $empty: false } })).toBeNull();
    expect(fromJson({ $and: [{ qty: { $unheard: 1 } }] })).toBeNull();
  });
  test("are changed in one place", () => {
    const inner = built.items[1];
    if (inner?.kind !== "group") throw new Error("no group");
    const first = inner.items[0];
    const less = changed(built, first?.id ?? 0, () => null);
    expect(count(less)).toBe(2);
    expect(count(built)).toBe(3);
  });
});

describe("order", () => {
  test("goes up, down and away with each click on one column", () => {
    const up = turned([{ path: "name", down: false }], "qty", false);
    expect(writeSort(up)).toBe("qty");
    const down = turned(up, "qty", false);
    expect(writeSort(down)).toBe("-qty");
    expect(writeSort(turned(down, "qty", false))).toBeUndefined();
  });
  test("by several columns keeps the others in their places", () => {
    const two = turned(readSort("name"), "qty", true);
    expect(writeSort(two)).toBe("name,qty");
    const turnedDown = turned(two, "name", true);
    expect(writeSort(turnedDown)).toBe("-name,qty");
    expect(writeSort(turned(turnedDown, "name", true))).toBe("qty");
  });
  test("is read without what is empty or twice", () => {
    expect(readSort("-a,,b,a")).toEqual([
      { path: "a", down: true },
      { path: "b", down: false },
    ]);
  });
});

describe("address", () => {
  test("keeps what says something", () => {
    const search = { page: 3, pageSize: 50, sort: "-a", filter: { a: 1 }, q: "x", record: 7 };
    expect(readSearch(search)).toEqual(search);
  });
  test("leaves out what says nothing, or is none of ours", () => {
    expect(
      readSearch({ page: 1, pageSize: 20, sort: ",", filter: {}, q: "  ", record: "", other: true }),
    ).toEqual({});
    expect(readSearch({ page: -1, pageSize: 7, sort: 3, filter: "x", q: {}, record: null })).toEqual({});
    expect(readSearch({ q: 42 })).toEqual({ q: "42" });
  });
  test("tells a new record from one whose key reads like it", () => {
    const keys = ["new", "create", "true", 7, "7"];
    for (const key of keys) expect(whichOf(readSearch({ ...opening({}, key) }))).toBe(key);
    expect(whichOf(readSearch({ ...opening({}, NEW) }))).toBe(NEW);
    expect(keys.map(whichText)).not.toContain(whichText(NEW));
    expect(whichOf(readSearch({ record: "new", create: true }))).toBe("new");
  });
  test("opens and closes a record, and keeps the rest", () => {
    const table = { page: 2, q: "x" };
    expect(opening({ ...table, record: 7 }, NEW)).toEqual({ ...table, create: true });
    expect(opening({ ...table, create: true }, 7)).toEqual({ ...table, record: 7 });
    expect(opening({ ...table, create: true }, undefined)).toEqual(table);
    expect(whichOf(readSearch({ create: "true" }))).toBeUndefined();
  });
  test("another filter or order begins with its first page", () => {
    expect(anew({ page: 4, sort: "a" }, { q: "x" })).toEqual({ sort: "a", q: "x" });
    expect(anew({ page: 4, sort: "a" }, { sort: undefined })).toEqual({});
  });
  test("what is searched for and what was built both hold", () => {
    expect(filterOf({ q: " x " }, ["name", "note"])).toEqual({
      $or: [{ name: { $includes: "x" } }, { note: { $includes: "x" } }],
    });
    expect(filterOf({ q: "x", filter: { a: 1 } }, ["name"])).toEqual({
      $and: [{ a: 1 }, { $or: [{ name: { $includes: "x" } }] }],
    });
    expect(filterOf({ filter: { a: 1 } }, ["name"])).toEqual({ a: 1 });
    expect(filterOf({ q: "x" }, [])).toBeNull();
  });
});
