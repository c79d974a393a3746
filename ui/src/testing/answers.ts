/** What has been read already, for tests of what shows it. */
import { QueryClient, type QueryKey } from "@tanstack/react-query";

/** A client that holds these answers, which stay fresh. */
export function clientWith(...answers: readonly (readonly [QueryKey, unknown])[]): QueryClient {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } });
  for (const [key, answer] of answers) client.setQueryData(key, answer);
  return client;
}
