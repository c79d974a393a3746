import { describe, expect, test } from "vitest";
import { ApiError, type ErrorEntry } from "@/api/client";
import type { Collection, Field } from "@/api/metadata";
import { bodyOf, complaints, differing, touched, unreadable, withChange } from "@/features/data/draft";
import { exportQuery } from "@/features/data/export-query";
import { importable, mapped, matchable, reassigned } from "@/features/data/mapping";
import { partsOf } from "@/features/data/record-fields";
import { csv } from "@/lib/download";
import { Unreadable } from "@/schema/types";

const field = (name: string, type: string, more: Partial<Field> = {}): Field => ({
  key: name,
  name,
  type,
  interface: null,
  collectionName: "posts",
  description: null,
  uiSchema: {},
  ...more,
});

const collection = (name: string, fields: Field[]): Collection => ({
  key: name,
  name,
  title: name,
  description: null,
  hidden: false,
  template: "general",
  from: "db",
  filterTargetKey: "id",
  fields,
});

const people = collection("people", [field("id", "bigInt"), field("name", "string")]);
const posts = collection("posts", [
  field("id", "bigInt", { primaryKey: true, interface: "id" }),
  field("title", "string", { unique: true }),
  field("words", "integer"),
  field("total", "formula"),
  field("secret", "string", { hidden: true }),
  field("authorId", "bigInt", { isForeignKey: true }),
  field("author", "belongsTo", { target: "people", foreignKey: "authorId" }),
  field("readers", "belongsToMany", { target: "people" }),
  field("updatedAt", "date", { interface: "updatedAt" }),
  field("createdById", "bigInt", { isForeignKey: true }),
]);
const find = (name: string | undefined) => [people, posts].find((one) => one.name === name);
const named = (name: string): Field => {
  const found = posts.fields.find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
};

describe("a draft", () => {
  const row = {
    id: 1,
    title: "A",
    words: 3,
    author: { id: 7, name: "Ada", born: 1815 },
    readers: [{ id: 1 }],
  };

  test("holds what differs from the record, and forgets what is as it was", () => {
    const changed = withChange({}, row, named("title"), "B", find);
    expect(changed).toEqual({ title: "B" });
    expect(withChange(changed, row, named("title"), "A", find)).toEqual({});
    expect(withChange({}, { ...row, title: undefined }, named("title"), null, find)).toEqual({});
  });

  test("knows records by their keys, and sends keys", () => {
    expect(withChange({}, row, named("author"), { id: 7, name: "Ada" }, find)).toEqual({});
    const changed = withChange({}, row, named("author"), { id: 8, name: "Eve" }, find);
    const both = withChange(changed, row, named("readers"), [{ id: 1 }, { id: 2 }], find);
    expect(bodyOf(posts, both, find)).toEqual({ author: 8, readers: [1, 2] });
    expect(bodyOf(posts, withChange({}, row, named("author"), null, find), find)).toEqual({ author: null });
  });

  test("says what is no value yet", () => {
    const changed = withChange({}, row, named("words"), new Unreadable("{"), find);
    expect(unreadable({ ...changed, title: "B" })).toEqual(["words"]);
  });

  test("sees what somebody else has changed, but for when", () => {
    const now = { ...row, words: 4, author: { id: 7 }, updatedAt: "2026-01-02T00:00:00.000Z" };
    expect(differing(posts, row, now, find).map(({ name }) => name)).toEqual(["words"]);
  });
});

describe("what is read anew after a save", () => {
  const to = (name: string, type: string, target: string, more: Partial<Field> = {}) =>
    field(name, type, { target, ...more });
  const cities = collection("cities", []);
  const customers = collection("customers", [
    to("city", "belongsTo", "cities"),
    to("orders", "hasMany", "orders"),
  ]);
  const orders = collection("orders", [
    to("customer", "belongsTo", "customers"),
    to("tags", "belongsToMany", "tags", { through: "orderTags" }),
  ]);
  const lines = collection("lines", [to("order", "belongsTo", "orders")]);
  const parts = collection("parts", [to("line", "belongsTo", "lines")]);
  const tags = collection("tags", []);
  const notes = collection("notes", []);
  const all = [cities, customers, orders, lines, parts, tags, notes];
  const after = (of: Collection, ...written: string[]) => [...touched(of, written, all)].sort();

  test("is the record's collection, and those that show it through their relations", () => {
    expect(after(notes, "text")).toEqual(["notes"]);
    expect(after(cities, "name")).toEqual(["cities", "customers", "orders"]);
    expect(after(lines, "count")).toEqual(["lines", "parts"]);
  });
  test("is with a relation also what it leads to, and the table between", () => {
    expect(after(orders, "number")).not.toContain("tags");
    expect(after(orders, "tags")).toEqual(["customers", "lines", "orderTags", "orders", "parts", "tags"]);
  });
});

describe("errors of the server", () => {
  const said = (...all: ErrorEntry[]) => new ApiError(400, all[0]?.code ?? "", "", null, {}, all);
  const about = (error: ApiError) =>
    complaints(error, posts, partsOf(posts, () => true).main, "Taken", ({ name }) => `<${name}>`);

  test("stand at their fields, of nested ones and of foreign keys at the relation", () => {
    const wrong = (name: string, what: string) => ({
      code: "VALIDATION_ERROR",
      message: `The field "${name}" of "posts" ${what}`,
      reason: what,
      field: name,
    });
    const error = said(wrong("words", "Must be a whole number."), wrong("authorId", "Is required."));
    expect(about(error).fields).toEqual({ words: "Must be a whole number.", author: "Is required." });
    expect(about(said({ code: "CONFLICT", message: "Name it.", field: "author.name" })).fields).toEqual({
      author: "Name it.",
    });
  });

  test("what is wrong with a field that is not shown is told by its title", () => {
    const message = 'The field "secret" of "posts" is required.';
    const reason = "Is required.";
    expect(about(said({ code: "VALIDATION_ERROR", message, reason, field: "secret" }))).toEqual({
      fields: {},
      others: ["<secret>: Is required."],
    });
  });

  test("a value that is taken is told at the field, what has no place beside", () => {
    const conflict = { code: "CONFLICT", message: "The value is taken.", fields: ["title"] };
    expect(about(said(conflict))).toEqual({ fields: { title: "Taken" }, others: [] });
    const used = { code: "CONFLICT", message: "Still in use." };
    expect(about(said(used))).toEqual({ fields: {}, others: ["Still in use."] });
  });
});

test("a form shows a relation in place of its key, relations to many by themselves, stamps below", () => {
  const parts = partsOf(posts, () => true);
  expect(parts.main.map(({ name }) => name)).toEqual(["title", "words", "total", "author", "createdById"]);
  expect(parts.many.map(({ name }) => name)).toEqual(["readers"]);
  expect(parts.stamps.map(({ name }) => name)).toEqual(["id", "updatedAt"]);
  expect(partsOf(posts, (name) => name === "title").main.map(({ name }) => name)).toEqual(["title"]);
});

describe("columns of a file", () => {
  const columns = [
    { header: "Title", type: "string", ambiguous: false, field: "title" },
    { header: "n", type: "integer", ambiguous: false, field: null },
  ];

  test("go where people say, else where the server proposes", () => {
    expect(mapped(columns, {})).toEqual({ Title: "title", n: null });
    expect(mapped(columns, { Title: null, n: "words" })).toEqual({ Title: null, n: "words" });
  });

  test("a field takes one of them", () => {
    expect(reassigned({ Title: "title", n: null }, "n", "title")).toEqual({ Title: null, n: "title" });
    expect(reassigned({ Title: "title", n: "words" }, "n", null)).toEqual({ Title: "title", n: null });
  });

  test("go to fields that a file can fill, and the role may", () => {
    expect(importable(posts, null).map(({ name }) => name)).toEqual([
      "id",
      "title",
      "words",
      "authorId",
      "updatedAt",
    ]);
    expect(importable(posts, ["words"]).map(({ name }) => name)).toEqual(["words"]);
  });

  test("tell records apart where their field is unique and filled", () => {
    const fields = importable(posts, null);
    expect(matchable(fields, { Title: "title", n: null }).map(({ name }) => name)).toEqual(["title"]);
    expect(matchable(fields, { n: "words" })).toEqual([]);
  });
});

describe("an export", () => {
  const table = { filter: { words: 1 }, sort: ["-title"], fields: ["title", "author", "secret"] };
  const choice = { format: "csv", which: "filtered", columns: "shown", spreadsheet: true } as const;

  test("asks for what the table shows", () => {
    expect(exportQuery(posts, choice, table, null)).toEqual({
      format: "csv",
      spreadsheet: true,
      filter: { words: 1 },
      sort: ["-title"],
      fields: ["title"],
      appends: ["author"],
    });
  });

  test("asks for everything, and never for more than the role may", () => {
    const all = { ...choice, which: "all", columns: "all", format: "jsonl" } as const;
    expect(exportQuery(posts, all, table, null)).toEqual({ format: "jsonl", sort: ["-title"] });
    expect(exportQuery(posts, choice, table, ["title"])).not.toHaveProperty("appends");
  });
});

test("text becomes CSV that can be read again", () => {
  expect(csv([["a", 1, null], ['say "x", y']])).toBe('a,1,\r\n"say ""x"", y"\r\n');
});

test("no text of a CSV is run by a spreadsheet as a formula, and numbers stay numbers", () => {
  const starts = ["=", "+", "-", "@", "\t", "＝", "＋", "－", "＠"];
  for (const start of starts) expect(csv([[`${start}1+1`]])).toBe(`'${start}1+1\r\n`);
  for (const start of ["\r", "\n"]) expect(csv([[`${start}=1`]])).toBe(`"'${start}=1"\r\n`);
  expect(csv([['=HYPERLINK("x")', -5, "1-2", ""]])).toBe(`"'=HYPERLINK(""x"")",-5,1-2,\r\n`);
});
