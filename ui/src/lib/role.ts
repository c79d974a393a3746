/** The role that one looks through, where it is not one's default one: a cookie of the API, which ends with the session. */
import { boot } from "@/lib/boot";
import { setCookie } from "@/lib/cookies";

/** Where this tab keeps what it chose; scripts of the pages can not read the cookie, whose path is another. */
const CHOSEN = `insula:${boot.app}:role`;

/** See this application in a role from now on; `null`: in one's default role. All that was read is read anew. */
export function actAs(role: string | null): void {
  choose(role);
  location.assign(`${boot.base}/`);
}

/** In one's default role from the next request on. */
export const endRole = (): void => choose(null);

/** The role that was chosen in this tab, or `null`; `null` too where the browser keeps nothing. */
export function chosenRole(): string | null {
  try {
    return sessionStorage.getItem(CHOSEN);
  } catch {
    return null;
  }
}

/** Be told when another tab has chosen: the cookie is that of all tabs. Answers how to stop that. */
export function roleChosenElsewhere(told: () => void): () => void {
  const tabs = new BroadcastChannel(CHOSEN);
  tabs.onmessage = told;
  return () => tabs.close();
}

function choose(role: string | null): void {
  setCookie(`nb_role_${boot.app}`, role, boot.api);
  const tabs = new BroadcastChannel(CHOSEN);
  tabs.postMessage(role);
  tabs.close();
  try {
    if (role === null) sessionStorage.removeItem(CHOSEN);
    else sessionStorage.setItem(CHOSEN, role);
  } catch {
    return;
  }
}
