/** The collections of the application, for whoever shows something of them. */
import { useQuery } from "@tanstack/react-query";
import type { Collection, Listed } from "@/api/metadata";
import { collections } from "@/api/queries/collections";

/** All of them, without their fields; nothing while they are read. */
export function useListed(): readonly Listed[] {
  return useQuery(collections.list()).data ?? [];
}

/** The same with their fields. */
export function useCollections(): readonly Collection[] {
  return useQuery(collections.meta()).data ?? [];
}

export function useCollection(name: string | undefined): Collection | undefined {
  return useCollections().find((collection) => collection.name === name);
}
