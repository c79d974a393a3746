/** Collections and their fields: read once, and again when the designer changes them. */
import { queryOptions } from "@tanstack/react-query";
import { read } from "@/api/client";
import type { Choice, Collection, Field } from "@/api/metadata";

export type { Choice, Collection, Field };

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

/** Words that stand in braces in titles of fields that come by themselves: `{{t("Created at")}}`. */
const WORD = /^\{\{\s*t\(["'](.+?)["']\)\s*\}\}$/;

/** What a field or collection is called: its title, with words in braces taken out of them; else its name. */
export function plainTitle(title: string | null | undefined, name: string): string {
  const text = title?.trim();
  if (!text) return name;
  return WORD.exec(text)?.[1] ?? text;
}

export const fieldTitle = (field: Field): string => plainTitle(field.uiSchema?.title, field.name);
export const collectionTitle = (collection: Collection): string =>
  plainTitle(collection.title, collection.name);
