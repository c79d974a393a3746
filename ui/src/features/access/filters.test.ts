import { expect, test } from "vitest";
import type { Field } from "@/api/metadata";
import { filterOf } from "@/features/access/filters";

const field = (name: string, type: string): Field => ({
  key: name,
  name,
  type,
  interface: null,
  collectionName: "orders",
});

test("conditions become a filter, with values of the type of their field", () => {
  const fields = [
    field("amount", "double"),
    field("paid", "boolean"),
    field("title", "string"),
    field("owner", "bigInt"),
  ];
  expect(
    filterOf(
      [
        { field: "amount", operator: "$gt", value: "10" },
        { field: "paid", operator: "$eq", value: "true" },
        { field: "title", operator: "$eq", value: "10" },
        { field: "owner", operator: "$eq", value: "{{ $user.id }}" },
        { field: "title", operator: "$empty" },
      ],
      fields,
    ),
  ).toEqual({
    $and: [
      { amount: { $gt: 10 } },
      { paid: { $eq: true } },
      { title: { $eq: "10" } },
      { owner: { $eq: "{{ $user.id }}" } },
      { title: { $empty: true } },
    ],
  });
});
