import { queryOptions } from "@tanstack/react-query";
import { key, read } from "@/api/client";
import type { components } from "@/api/schema";
import { applications } from "@/api/queries/applications";

/** What was answered in one minute. */
export interface Minute {
  at: string;
  requests: number;
  errors: number;
  /** Upper bounds, in milliseconds; `null`: nothing was answered, or it took longer than 10 s. */
  p50Ms: number | null;
  p95Ms: number | null;
}

/** A plugin of an application, as its own plugin manager lists it. */
export type PluginShown = components["schemas"]["insula.Plugin"];

const EVERY_MS = 10_000;

/** What the main application can tell of another one while it runs. */
export const figures = {
  /** The last hour, minute by minute; empty where nothing was asked since the process began. */
  traffic: (name: string) =>
    queryOptions({
      queryKey: [...applications.all, "traffic", name],
      queryFn: ({ signal }) => read<Minute[]>(key("applications:traffic", name), { signal }),
      refetchInterval: EVERY_MS,
    }),
  plugins: (name: string) =>
    queryOptions({
      queryKey: [...applications.all, "plugins", name],
      queryFn: ({ signal }) => read<PluginShown[]>(key("applications:plugins", name), { signal }),
    }),
};
