/** When whoever was signed in is not any more: the page begins anew where people sign in, and leads back from there. */
import { hashKey, type QueryClient } from "@tanstack/react-query";
import { isSignedOut } from "@/api/errors";
import { session } from "@/api/queries/session";

/**
 * Call `leave` once the server says so. An answer of 401 alone says it not: the main application may have given it, whose
 * session is another one. So who is signed in is asked for then.
 */
export function watchSession(client: QueryClient, leave: () => void): void {
  const { queryKey } = session.user();
  const user = hashKey(queryKey);
  client.getQueryCache().subscribe((event) => {
    if (event.type !== "updated" || event.action.type !== "error" || !isSignedOut(event.action.error)) return;
    if (client.getQueryData(queryKey) === undefined) return;
    if (event.query.queryHash === user) leave();
    else void client.invalidateQueries({ queryKey, refetchType: "all" });
  });
}

/** Where people sign in, and come back to the page of this address. */
export function signInAddress(
  base: string,
  { pathname, search }: Pick<Location, "pathname" | "search">,
): string {
  const here = `${pathname.slice(base.length)}${search}`;
  return `${base}/signin?redirect=${encodeURIComponent(here)}`;
}
