import { describe, expect, test } from "vitest";
import type { Collection, Field } from "@/api/metadata";
import { toBody, toChange, toForm } from "@/features/designer/fieldBody";
import { changesTo, KINDS, kindOf } from "@/features/designer/kinds";
import { nameFrom } from "@/features/designer/names";
import { relationsTo, usersOf } from "@/features/designer/uses";

const field = (name: string, type: string, more: Partial<Field> = {}): Field => ({
  key: name,
  name,
  type,
  interface: null,
  collectionName: "orders",
  ...more,
});

const collection = (name: string, fields: Field[]): Collection => ({
  key: name,
  name,
  title: name,
  hidden: false,
  template: "general",
  filterTargetKey: "id",
  fields,
});

describe("names", () => {
  test.each([
    ["Order lines", "orderLines"],
    ["Größe in cm", "grosseInCm"],
    ["E-Mail", "eMail"],
    ["2nd address", "ndAddress"],
    ["VAT", "vat"],
    ["客户", ""],
  ])("%s → %s", (title, name) => expect(nameFrom(title)).toBe(name));
});

describe("bodies", () => {
  test("a choice has its values, made of labels where none are given", () => {
    const body = toBody({
      title: "State",
      name: "state",
      interface: "select",
      choices: [
        { label: "In transit", value: "" },
        { label: "Done", value: "done", color: "green" },
      ],
    });
    expect(body).toEqual({
      type: "string",
      interface: "select",
      name: "state",
      uiSchema: {
        title: "State",
        enum: [
          { value: "inTransit", label: "In transit" },
          { value: "done", label: "Done", color: "green" },
        ],
      },
    });
  });

  test("a relation brings the way back", () => {
    const body = toBody({
      title: "Customer",
      name: "customer",
      interface: "m2o",
      target: "customers",
      onDelete: "RESTRICT",
      reverse: true,
      reverseTitle: "Orders",
    });
    expect(body).toMatchObject({
      type: "belongsTo",
      target: "customers",
      onDelete: "RESTRICT",
      reverseField: { name: "orders", type: "hasMany", interface: "o2m", uiSchema: { title: "Orders" } },
    });
  });

  test("numbers of default values are numbers", () => {
    const body = toBody({
      title: "Qty",
      name: "qty",
      interface: "integer",
      defaultValue: "3",
      required: true,
    });
    expect(body).toMatchObject({ defaultValue: 3, required: true });
  });

  test("a change leaves the type alone where it stays, and clears what was emptied", () => {
    const before = field("qty", "bigInt", {
      interface: "integer",
      defaultValue: 3,
      description: "how many",
      uiSchema: { title: "Qty", "x-hint": 1 },
    });
    const form = toForm(before, "Qty");
    delete form.description;
    delete form.defaultValue;
    expect(toChange({ ...form, title: "Quantity" }, before)).toEqual({
      interface: "integer",
      uiSchema: { title: "Quantity", "x-hint": 1 },
      description: null,
      required: false,
      unique: false,
      index: false,
      defaultValue: null,
    });
  });

  test("a change into another kind names its type", () => {
    const before = field("code", "string", { interface: "input" });
    expect(toChange({ ...toForm(before, "Code"), interface: "integer" }, before)).toMatchObject({
      type: "bigInt",
    });
  });
});

describe("kinds", () => {
  test("a field without an interface is known by its type", () => {
    expect(kindOf(field("a", "float"))?.interface).toBe("number");
    expect(kindOf(field("a", "belongsTo", { interface: "m2o" }))?.type).toBe("belongsTo");
    expect(kindOf(field("a", "sort"))).toBeNull();
  });
  test("text may become anything plain, a relation nothing", () => {
    const text = KINDS.find((kind) => kind.interface === "input");
    const link = KINDS.find((kind) => kind.interface === "m2o");
    if (!text || !link) throw new Error("kinds are missing");
    expect(changesTo(text, "string").map((kind) => kind.interface)).toContain("decimal");
    expect(changesTo(link, "belongsTo")).toEqual([link]);
  });
});

test("what needs a field or collection is named", () => {
  const price = field("price", "decimal");
  const orders = collection("orders", [
    price,
    field("total", "formula", { expression: "{{price}} * 2" }),
    field("priceless", "string"),
  ]);
  const customers = collection("customers", [
    field("orders", "hasMany", { target: "orders", foreignKey: "customerId" }),
  ]);
  expect(usersOf(price, orders, [orders, customers])).toEqual(["total"]);
  expect(relationsTo("orders", [orders, customers]).map(({ from }) => from.name)).toEqual(["customers"]);
});
