/** Through which role somebody looks: one of their own, another's, or none of those that they chose (any more). */
export type Looking = "own" | "through" | "ended";

/** `held`: their roles; `now`: the one in force; `chosen`: the one that they asked for, if any. */
export function looking(held: readonly { name: string }[], now: string, chosen: string | null): Looking {
  if (!held.some(({ name }) => name === now)) return "through";
  return chosen !== null && chosen !== now ? "ended" : "own";
}
