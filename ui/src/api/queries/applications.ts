import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  type QueryClient,
} from "@tanstack/react-query";
import { key, list, read, type Query } from "@/api/client";
import type { Application, Card, Happened } from "@/api/fleet";
import { boot } from "@/lib/boot";

const CARDS = 60;

/** Where applications can be left out. */
type Place = "launcher" | "switcher";

/** Applications: as whoever looks after them sees them, and as whoever may enter them does. */
export const applications = {
  all: ["applications"] as const,
  /** One page. What was shown stays while the next is read; what is not wanted any more is not waited for. */
  list: (query: Query) =>
    queryOptions({
      queryKey: [...applications.all, "list", query],
      queryFn: ({ signal }) => list<Application>("applications:list", { query, signal }),
      placeholderData: keepPreviousData,
    }),
  /** What one is shown as, that stood in any page which was read; else its name. */
  calledIn: (client: QueryClient, name: string): string => {
    const pages = client.getQueriesData<{ rows: Application[] }>({ queryKey: [...applications.all, "list"] });
    const rows = pages.flatMap(([, page]) => page?.rows ?? []);
    return rows.find((row) => row.name === name)?.displayName ?? name;
  },
  /** A deleted one too; `null` where there is none of that name. */
  get: (name: string) =>
    queryOptions({
      queryKey: [...applications.all, "get", name],
      queryFn: ({ signal }) => read<Application | null>(key("applications:get", name), { signal }),
    }),
  history: (name: string, page = 1, pageSize = 20) =>
    queryOptions({
      queryKey: [...applications.all, "history", name, page, pageSize],
      queryFn: ({ signal }) =>
        list<Happened>(key("applications:history", name), { query: { page, pageSize }, signal }),
      placeholderData: keepPreviousData,
    }),
  /** Those that the person may enter, as the main application tells it: pinned first, then by name. */
  mine: (search = "", shownIn?: Place) =>
    infiniteQueryOptions({
      queryKey: [...applications.all, "mine", search, shownIn],
      queryFn: ({ signal, pageParam }) =>
        list<Card>("applications:listMine", {
          query: { page: pageParam, pageSize: CARDS, search: search || undefined, shownIn },
          signal,
          api: boot.mainApi ?? undefined,
        }),
      initialPageParam: 1,
      getNextPageParam: ({ meta }) => (meta.page < (meta.totalPage ?? 1) ? meta.page + 1 : undefined),
      placeholderData: keepPreviousData,
    }),
};
