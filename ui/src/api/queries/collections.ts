/** Collections and their fields: read once, and again when the designer changes them. */
import { queryOptions } from "@tanstack/react-query";
import { read } from "@/api/client";
import type { Collection, Listed } from "@/api/metadata";

const FRESH_MS = 5 * 60_000;

export const collections = {
  all: ["collections"] as const,
  /** All of them, without their fields: every page shows them, and hundreds may have thousands of fields. */
  list: () =>
    queryOptions({
      queryKey: [...collections.all, "list"],
      queryFn: ({ signal }) => read<Listed[]>("collections:list", { query: { paginate: false }, signal }),
      staleTime: FRESH_MS,
    }),
  /** All of them, with all fields. */
  meta: () =>
    queryOptions({
      queryKey: [...collections.all, "meta"],
      queryFn: ({ signal }) => read<Collection[]>("collections:listMeta", { signal }),
      staleTime: FRESH_MS,
    }),
};
