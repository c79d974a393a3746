/** Where the switcher leads: to the main application, and to those that may be switched to. */
import type { Card } from "@/api/fleet";

export interface Way {
  key: string;
  name: string;
  icon: string | null;
  href: string;
  /** In a tab of its own. */
  apart: boolean;
  /** The one that the page belongs to. */
  here: boolean;
}

export interface Here {
  app: string;
  main: boolean;
}

/** Below the host that every application shares: where the main application's pages are. */
export const MAIN_HREF = "/admin/";

/** The main application on top, unless something else is searched for; from there others open in a tab of their own. */
export function ways(
  main: { name: string; icon: string | null },
  cards: readonly Card[],
  here: Here,
  search = "",
): Way[] {
  const word = search.trim().toLocaleLowerCase();
  const top: Way = { key: "main", ...main, href: MAIN_HREF, apart: false, here: here.main };
  const others = cards.map(({ name, displayName, icon, url }): Way => {
    const same = !here.main && name === here.app;
    return { key: name, name: displayName, icon, href: url, apart: here.main, here: same };
  });
  return main.name.toLocaleLowerCase().includes(word) ? [top, ...others] : others;
}

/** The place that an arrow, Home or End leads to, of so many; the first follows the last. */
export function moved(key: string, at: number, count: number): number | null {
  if (count === 0) return null;
  switch (key) {
    case "ArrowDown":
      return (at + 1) % count;
    case "ArrowUp":
      return (at - 1 + count) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
