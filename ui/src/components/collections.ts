/** The collections of the application, for whoever shows something of them. */
import { useQuery } from "@tanstack/react-query";
import type { Collection } from "@/api/metadata";
import { collections } from "@/api/queries/collections";

/** All of them; nothing while they are read. */
export function useCollections(): readonly Collection[] {
  return useQuery(collections.meta()).data ?? [];
}

export function useCollection(name: string | undefined): Collection | undefined {
  return useCollections().find((collection) => collection.name === name);
}
