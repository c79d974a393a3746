import { describe, expect, test } from "vitest";
import type { TFunction } from "i18next";
import type { Collection, Field } from "@/api/metadata";
import { toBody, toChange, toForm } from "@/features/designer/fieldBody";
import { changesTo, kindText, OFFERED, resultText } from "@/features/designer/kinds";
import { nameFrom } from "@/features/designer/names";
import { refusals } from "@/features/designer/refusals";
import { ApiError, type ErrorEntry } from "@/api/client";
import { relationOver, relationsTo, usersOf } from "@/features/designer/uses";
import { KINDS, kindOf } from "@/schema/registry";
import en from "@/locales/en";
import es from "@/locales/es";
import fr from "@/locales/fr";
import zh from "@/locales/zh";

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
  description: null,
  hidden: false,
  template: "general",
  from: "db",
  filterTargetKey: "id",
  fields,
});

describe("choices of a select", () => {
  const select = (list: NonNullable<Field["uiSchema"]>["enum"]): Field =>
    field("level", "integer", {
      interface: "select",
      ...(list ? { uiSchema: { title: "Level", enum: list } } : {}),
    });

  test.each([
    [
      [0, 1],
      [
        { value: 0, label: "0" },
        { value: 1, label: "1" },
      ],
    ],
    [[{ value: "a", label: "A", color: null }], [{ value: "a", label: "A" }]],
  ])("come back as they were, whatever their values are", (kept, shown) => {
    const form = toForm(select(kept), "Level");
    expect(form.choices).toEqual(shown);
    expect(toBody(form)["uiSchema"]).toEqual({ title: "Level", enum: shown });
  });

  test("are none where another client has named a variable of its own", () => {
    expect(toForm(select("{{levels}}"), "Level").choices).toBeUndefined();
  });

  test("get their value from their label", () => {
    const form = { ...toForm(select(["a"]), "Level"), choices: [{ label: "Very good" }] };
    expect(toBody(form)["uiSchema"]).toEqual({
      title: "Level",
      enum: [{ value: "veryGood", label: "Very good" }],
    });
  });
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

/** Those of the server (src/insula/data/fields), but for `virtual`, which no field that people make is of. */
const TYPES = [
  ...["array", "bigInt", "boolean", "date", "dateOnly", "datetimeNoTz", "datetimeTz", "decimal", "double"],
  ...["float", "formula", "integer", "json", "jsonb", "nanoid", "password", "belongsTo", "hasOne", "hasMany"],
  ...["belongsToMany", "sequence", "set", "snowflakeId", "sort", "string", "text", "time", "uid"],
  ...["unixTimestamp", "uuid"],
];

describe("kinds", () => {
  test("a field without an interface is known by its type", () => {
    expect(kindOf(field("a", "float"))?.interface).toBe("number");
    expect(kindOf(field("a", "belongsTo", { interface: "m2o" }))?.type).toBe("belongsTo");
    expect(kindOf(field("a", "unheardOf"))).toBeNull();
  });
  test("every type and kind has words, keys like all others", () => {
    for (const { designer } of [en, es, fr, zh]) {
      const t = ((key: string) => {
        const found = (designer.kind as Record<string, string>)[key.replace("designer.kind.", "")];
        if (found === undefined) throw new Error(`no words for ${key}`);
        return found;
      }) as TFunction;
      for (const kind of KINDS)
        expect(kindText(t, field("a", kind.type, { interface: kind.interface }))).not.toBe("");
      for (const type of TYPES) expect(kindText(t, field("a", type))).not.toBe(type);
      expect(kindText(t, field("id", "bigInt", { interface: null, primaryKey: true }))).toBe(
        designer.kind.integer,
      );
      expect(resultText(t, "double")).toBe(designer.kind.number);
    }
  });
  test("those that come by themselves are not offered, and keep their kind when they are changed", () => {
    expect(OFFERED.map((kind) => kind.interface)).not.toContain("createdAt");
    const order = field("order", "sort", { interface: "sort" });
    const known = kindOf(order);
    if (!known) throw new Error("no kind");
    expect(changesTo(known, "sort").map((kind) => kind.interface)).toEqual(["sort"]);
    expect(toChange({ ...toForm(order, "Order"), title: "Place" }, order)).not.toHaveProperty("type");
  });
  test("text may become anything plain, a relation nothing", () => {
    const text = KINDS.find((kind) => kind.interface === "input");
    const link = KINDS.find((kind) => kind.interface === "m2o");
    if (!text || !link) throw new Error("kinds are missing");
    expect(changesTo(text, "string").map((kind) => kind.interface)).toContain("decimal");
    expect(changesTo(link, "belongsTo")).toEqual([link]);
  });
});

describe("what the server refuses", () => {
  const labels = { title: "Title", name: "Identifier", target: "Leads to", length: "Longest length" };
  const more = {
    ...labels,
    foreignKey: "Foreign key",
    defaultValue: "Default value",
    onDelete: "When deleted",
  };
  const said = (entry: Partial<ErrorEntry>, shown: (name: string) => boolean = () => true) => {
    const full = { code: "VALIDATION_ERROR", message: "", ...entry };
    return refusals(
      new ApiError(400, full.code, full.message, null, {}, [full]),
      "orders.total",
      more,
      shown,
    );
  };

  test.each([
    [
      "Has a defaultValue that must be a number.",
      "defaultValue",
      "Has a “Default value” that must be a number.",
    ],
    ["Exige pour foreignKey un autre nom.", "foreignKey", "Exige pour “Foreign key” un autre nom."],
    [
      "Needs text of at most 255 characters for title.",
      "title",
      "Needs text of at most 255 characters for title.",
    ],
  ])("%s: stands at %s, the setting by its label", (reason, path, sentence) => {
    const message = "Le champ « orders.total »…";
    expect(said({ message, reason, path, collection: "orders", field: "total" })).toEqual({
      items: { [path]: sentence },
      others: [],
    });
  });

  test("a name that is taken stands at the identifier", () => {
    const message = 'The collection "orders" already has a field "total".';
    const entry = { code: "CONFLICT", message, collection: "orders", field: "total", path: "name" };
    expect(said(entry).items).toEqual({ name: message });
  });

  test("a name that is none stands there, too", () => {
    const reason = "Must begin with a letter.";
    expect(said({ message: 'The field "9"…', reason, path: "name" }).items).toEqual({ name: reason });
  });

  test("what no item is about stands above, without what the form is about", () => {
    const own = { collection: "orders", field: "total" };
    const reason = "It is used by the formula sum.";
    const message = `The field "orders.total" can not be removed or changed: ${reason}`;
    expect(said({ code: "CONFLICT", message, reason, ...own })).toEqual({ items: {}, others: [reason] });
    const rule = "Needs one of CASCADE, RESTRICT for onDelete.";
    const entry = { message: "…", reason: rule, path: "onDelete", ...own };
    expect(said(entry, (name) => name !== "onDelete").others).toEqual([
      "Needs one of CASCADE, RESTRICT for “When deleted”.",
    ]);
  });

  test("what another one can not be is told with its name, above", () => {
    const message = 'The relation "customers.foreignKey" needs text for foreignKey.';
    const entry = { message, reason: "Needs text for foreignKey.", path: "foreignKey" };
    expect(said({ ...entry, collection: "customers", field: "foreignKey" })).toEqual({
      items: {},
      others: [message],
    });
  });
});

test("a foreign key is told by its relation, on either side", () => {
  const orders = collection("orders", [
    field("customerId", "bigInt", { isForeignKey: true }),
    field("customer", "belongsTo", {
      target: "customers",
      foreignKey: "customerId",
      uiSchema: { title: "Customer" },
    }),
    field("shopId", "bigInt", { isForeignKey: true }),
    field("lost", "bigInt", { isForeignKey: true }),
  ]);
  const shops = collection("shops", [field("orders", "hasMany", { target: "orders", foreignKey: "shopId" })]);
  const tags = collection("tags", [
    field("orders", "belongsToMany", { target: "orders", through: "orderTags", otherKey: "orderId" }),
  ]);
  const between = collection("orderTags", [field("orderId", "bigInt", { isForeignKey: true })]);
  const all = [orders, shops, tags, between];
  const over = (name: string, of = orders) => relationOver(field(name, "bigInt"), of, all);
  expect(over("customerId")).toBe("Customer");
  expect(over("shopId")).toBe("shops.orders");
  expect(over("orderId", between)).toBe("tags.orders");
  expect(over("lost")).toBeUndefined();
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
