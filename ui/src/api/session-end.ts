/** When whoever was signed in is not any more: the page begins anew where people sign in, and leads back from there. */
import { hashKey, type QueryClient } from "@tanstack/react-query";
import { isSignedOut } from "@/api/errors";
import { session } from "@/api/queries/session";
import type { User } from "@/api/types";
import { boot } from "@/lib/boot";

const LEFT = `insula:${boot.app}:left`;

let parting = false;

/** Whoever signs out means to leave: where they were is nothing to who signs in next. */
export function setParting(now: boolean): void {
  parting = now;
}

/** Who has left in this tab; where the browser keeps nothing, nobody knows. */
export function leftBy(user: Pick<User, "id"> | undefined): void {
  try {
    if (user) sessionStorage.setItem(LEFT, String(user.id));
  } catch {
    return;
  }
}

/** Whether the page that was left here is one to come back to for who has signed in now. */
export function comesBack(user: Pick<User, "id">): boolean {
  try {
    const left = sessionStorage.getItem(LEFT);
    sessionStorage.removeItem(LEFT);
    return left === null || left === String(user.id);
  } catch {
    return true;
  }
}

/**
 * Call `leave` once the server says so. An answer of 401 alone says it not: the main application may have given it, whose
 * session is another one. So who is signed in is asked for then.
 */
export function watchSession(client: QueryClient, leave: () => void): void {
  const { queryKey } = session.user();
  const user = hashKey(queryKey);
  client.getQueryCache().subscribe((event) => {
    if (event.type !== "updated" || event.action.type !== "error" || !isSignedOut(event.action.error)) return;
    const who = client.getQueryData(queryKey);
    if (who === undefined || parting) return;
    if (event.query.queryHash === user) {
      leftBy(who);
      leave();
    } else void client.invalidateQueries({ queryKey, refetchType: "all" });
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
