import { queryOptions } from "@tanstack/react-query";
import { read } from "@/api/client";
import { boot } from "@/lib/boot";
import type { Rights, Settings, SignedIn } from "@/api/types";

/** Who is signed in, what they may do, and what the application is called. */
export const session = {
  all: ["session"] as const,
  /** Raises `ApiError` with status 401 where nobody is signed in. */
  user: () =>
    queryOptions({
      queryKey: [...session.all, "user"],
      queryFn: ({ signal }) => read<SignedIn>("auth:check", { signal }),
      staleTime: 60_000,
    }),
  rights: () =>
    queryOptions({
      queryKey: [...session.all, "rights"],
      queryFn: ({ signal }) => read<Rights>("roles:check", { signal }),
      staleTime: 60_000,
    }),
};

export const settings = {
  all: ["settings"] as const,
  get: () =>
    queryOptions({
      queryKey: settings.all,
      queryFn: ({ signal }) => read<Settings>("systemSettings:get", { signal }),
      staleTime: 300_000,
    }),
  /** What the main application shows of itself, wherever the page is; only where it can be reached. */
  main: () =>
    queryOptions({
      queryKey: [...settings.all, "main"],
      queryFn: ({ signal }) =>
        read<Settings>("systemSettings:get", { signal, api: boot.mainApi ?? undefined }),
      enabled: boot.mainApi !== null,
      staleTime: 300_000,
    }),
};
