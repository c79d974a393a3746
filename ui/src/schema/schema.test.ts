import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Field } from "@/api/metadata";
import { familyOf, operators, operatorsOf, type Family } from "@/schema/operators";
import { isWritten, lookOf } from "@/schema/registry";
import { readJson } from "@/schema/kinds/json";
import { bigInt, decimal, integer, key, percent } from "@/schema/kinds/number";
import { toMany, toOne } from "@/schema/kinds/relation";
import { multipleSelect, select } from "@/schema/kinds/select";
import { text, webAddress } from "@/schema/kinds/text";
import { Unreadable } from "@/schema/types";

const field = (type: string, more: Partial<Field> = {}): Field => ({
  key: "k",
  name: "f",
  type,
  interface: null,
  collectionName: "c",
  description: null,
  uiSchema: {},
  ...more,
});

/** The table of operators in the reference: name, families, and whether it only repeats another. */
const documented = [
  ...readFileSync(join(import.meta.dirname, "../../../docs/reference/filters.md"), "utf8").matchAll(
    /^\| `\$(\w+)` \| ([\w ]+) \| ([^|]*)\|/gm,
  ),
].map(([, name = "", fits = "", meaning = ""]) => ({
  name,
  families: fits === "all" ? null : fits.split(" "),
  alias: meaning.startsWith("as `"),
}));

describe("operators", () => {
  test("every one of the reference is offered, but those that repeat another", () => {
    expect(documented.length).toBeGreaterThan(40);
    const words = documented.filter(
      ({ alias, name }) => !alias || name.startsWith("iL") || name.startsWith("iR"),
    );
    const repeated = ["notStatsWith"];
    const missing = words.filter(
      ({ name }) => !repeated.includes(name) && !operators.some((operator) => operator.name === name),
    );
    expect(missing).toEqual([]);
  });
  test("none is offered for a family that it does not fit", () => {
    const wrong = operators.flatMap(({ name, families }) => {
      const fits = documented.find((row) => row.name === name)?.families;
      if (fits === undefined) return [name];
      return families.filter((family) => fits !== null && !fits.includes(family)).map((f) => `${name} ${f}`);
    });
    expect(wrong).toEqual([]);
  });
  test("go by how values are stored, of a formula by what is worked out", () => {
    const family = (type: string, dataType?: string): Family =>
      familyOf(field(type, dataType === undefined ? {} : { dataType }));
    expect(family("nanoid")).toBe("text");
    expect(family("formula")).toBe("number");
    expect(family("formula", "boolean")).toBe("boolean");
    expect(family("password")).toBe("other");
    expect(operatorsOf(field("password"))).toEqual([]);
    expect(operatorsOf(field("time")).some(({ name }) => name.startsWith("date"))).toBe(false);
  });
  test("a select is chosen from first", () => {
    const names = operatorsOf(field("string", { uiSchema: { enum: ["a"] } })).map(({ name }) => name);
    expect(names[0]).toBe("eq");
    expect(names).toContain("includes");
  });
});

describe("looks", () => {
  test("the interface says what is shown where it fits what is stored", () => {
    expect(lookOf(field("double", { interface: "percent" }))).toBe(percent);
    expect(lookOf(field("string", { interface: "percent" }))).toBe(text);
    expect(lookOf(field("bigInt", { interface: "integer" }))).toBe(bigInt);
    expect(lookOf(field("integer", { interface: "integer" }))).toBe(integer);
    expect(lookOf(field("bigInt", { interface: "id", primaryKey: true }))).toBe(key);
    expect(lookOf(field("formula", { interface: "formula", dataType: "decimal" }))).toBe(decimal);
    expect(lookOf(field("belongsTo", { interface: "m2o" }))).toBe(toOne);
    expect(lookOf(field("belongsToMany", { interface: "unheardOf" }))).toBe(toMany);
  });
  test("options make a select of whatever may have some", () => {
    const uiSchema = { enum: [{ value: "a", label: "A", color: "red" }] };
    expect(lookOf(field("string", { interface: "input", uiSchema }))).toBe(select);
    expect(lookOf(field("array", { uiSchema }))).toBe(multipleSelect);
  });
  test("what the server writes is not offered for writing", () => {
    expect(isWritten(field("formula"))).toBe(false);
    expect(isWritten(field("sequence"))).toBe(false);
    expect(isWritten(field("sequence", { inputable: true }))).toBe(true);
    expect(isWritten(field("date", { interface: "createdAt" }))).toBe(false);
    expect(isWritten(field("string", { primaryKey: true }))).toBe(false);
    expect(isWritten(field("string", { primaryKey: true }), false)).toBe(true);
    expect(isWritten(field("bigInt", { primaryKey: true, autoIncrement: true }), false)).toBe(false);
  });
});

test("JSON that is not finished is told from values", () => {
  expect(readJson('{"a": 1}')).toEqual({ a: 1 });
  expect(readJson("  ")).toBeNull();
  expect(readJson('{"a": ')).toBeInstanceOf(Unreadable);
});

test("only addresses of the web are links", () => {
  expect(webAddress("https://example.com/x")).toBe("https://example.com/x");
  expect(webAddress("javascript:alert(1)")).toBeNull();
  expect(webAddress("/etc")).toBeNull();
});
