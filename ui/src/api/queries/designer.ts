/** What stands in collections, for those who are about to change them. */
import { queryOptions } from "@tanstack/react-query";
import { read } from "@/api/client";
import type { Field } from "@/api/metadata";

export const designer = {
  all: ["designer"] as const,
  /** How many records a collection has. */
  count: (collection: string) =>
    queryOptions({
      queryKey: [...designer.all, "count", collection],
      queryFn: async ({ signal }) => (await read<{ count: number }>(`${collection}:count`, { signal })).count,
      staleTime: 0,
    }),
  /** How many records have a value in this field. */
  filled: (collection: string, field: Field) =>
    queryOptions({
      queryKey: [...designer.all, "filled", collection, field.name],
      queryFn: async ({ signal }) => {
        const query = { filter: { [field.name]: { $notEmpty: true } } };
        return (await read<{ count: number }>(`${collection}:count`, { query, signal })).count;
      },
      staleTime: 0,
    }),
};
