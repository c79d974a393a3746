/** What the person may do here, as far as the pages need to know it; the server decides in the end. */
import { useQuery } from "@tanstack/react-query";
import { session } from "@/api/queries/session";
import type { Rights } from "@/api/types";

/** Whether a list of patterns grants a snippet: by its name, or by a wider one such as `pm.*`; `!` before one takes away. */
export function grants(patterns: readonly string[], snippet: string): boolean {
  const fits = (pattern: string): boolean =>
    pattern.endsWith("*") ? snippet.startsWith(pattern.slice(0, -1)) : snippet === pattern;
  if (patterns.some((held) => held.startsWith("!") && fits(held.slice(1)))) return false;
  return patterns.some((held) => !held.startsWith("!") && fits(held));
}

/** Whether a snippet is held. */
export function holds(rights: Rights | undefined, snippet: string): boolean {
  return rights !== undefined && (rights.allowAll || grants(rights.snippets, snippet));
}

/** What the role may do on collections without a setting of their own: `view`, `update:own`. */
export const strategyOf = (rights: Rights): readonly string[] => rights.strategy.actions ?? [];

/** Whether an action on the records of a collection that people made is allowed in some measure. */
export function allows(rights: Rights | undefined, collection: string, action: string): boolean {
  if (!rights) return false;
  if (rights.allowAll) return true;
  if (rights.resources.includes(collection)) return `${collection}:${action}` in rights.actions;
  return strategyOf(rights).some((allowed) => allowed.split(":")[0] === action);
}

export function useRights() {
  const { data } = useQuery(session.rights());
  return {
    rights: data,
    holds: (snippet: string) => holds(data, snippet),
  };
}
