/** Has what was read before read anew, also what is being read for the first time. */
import type { QueryClient, QueryKey } from "@tanstack/react-query";

/**
 * Invalidating ends a reading that is under way and begins another, but for the very first one of a query, whose answer
 * may be from before the change: that one is read once more when it has come.
 */
export async function readAnew(client: QueryClient, queryKey: QueryKey): Promise<void> {
  const first = client
    .getQueryCache()
    .findAll({ queryKey, fetchStatus: "fetching" })
    .filter(({ state }) => state.data === undefined);
  await client.invalidateQueries({ queryKey });
  await Promise.all(
    first.map((query) => client.invalidateQueries({ queryKey: query.queryKey, exact: true })),
  );
}
