/** How answers are kept: read again when they are seen again after a while, tried again only when that may help. */
import { QueryClient } from "@tanstack/react-query";
import { passes } from "@/api/errors";

const FRESH_MS = 15_000;
const MOST_TRIES = 3;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (count, error) => passes(error) && count < MOST_TRIES,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});
