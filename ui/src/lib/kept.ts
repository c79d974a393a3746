/** Small things that a browser keeps for this application: how a table looks, which theme. Never a secret. */
import { boot } from "@/lib/boot";

const name = (key: string): string => `insula:${boot.app}:${key}`;

/** What was kept, or `fallback` where nothing (or nothing readable) is. */
export function kept<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(name(key));
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

/** Keep it; where the browser keeps nothing, it lasts as long as the page. */
export function keep(key: string, value: unknown): void {
  try {
    localStorage.setItem(name(key), JSON.stringify(value));
  } catch {
    return;
  }
}
