/** What the server refused of a form: at which of its items it stands, and what stands above them. */
import type { ApiError, ErrorEntry } from "@/api/client";

export interface Refused {
  /** Name of an item of the form → what is wrong with it. */
  items: Readonly<Record<string, string>>;
  /** What no item of the form is about. */
  others: readonly string[];
}

export const NOTHING: Refused = { items: {}, others: [] };

/** The sentence without the name of the field that it stands at. */
export const atField = ({ reason, message }: ErrorEntry): string =>
  typeof reason === "string" ? reason : message;

const namedBy = ({ field, fields }: ErrorEntry): string[] =>
  typeof field === "string" ? [field] : Array.isArray(fields) ? fields.map(String) : [];

/**
 * Of a form whose items are called as the API calls them. `taken` is said at what another has already; `shown` says
 * which items the form has now.
 */
export function refusalsOf(error: ApiError, taken: string, shown: (name: string) => boolean): Refused {
  const items: Record<string, string> = {};
  const others: string[] = [];
  for (const entry of error.all) {
    const { code, message, fields } = entry;
    const named = namedBy(entry).filter(shown);
    if (named.length > 0) {
      const sentence = code === "CONFLICT" && Array.isArray(fields) ? taken : atField(entry);
      for (const name of named) items[name] ??= sentence;
    } else others.push(message);
  }
  return { items, others };
}
