/** Collections and their fields: read once, and again when the designer changes them. */
import { queryOptions } from "@tanstack/react-query";
import { read } from "@/api/client";
import type { Collection } from "@/api/metadata";

export const collections = {
  all: ["collections"] as const,
  /** All of them, with all fields. */
  meta: () =>
    queryOptions({
      queryKey: [...collections.all, "meta"],
      queryFn: ({ signal }) => read<Collection[]>("collections:listMeta", { signal }),
      staleTime: 5 * 60_000,
    }),
};
