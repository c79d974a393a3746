/** A number of seconds as people write it: an amount and a unit. */
export const UNITS = { s: 1, min: 60, h: 3600, d: 86_400 } as const;
export type Unit = keyof typeof UNITS;

/** In the largest unit of which it is a whole number. */
export function split(seconds: number | null): { amount: number | null; unit: Unit } {
  if (seconds === null) return { amount: null, unit: "h" };
  const unit = (["d", "h", "min"] as const).find((each) => seconds % UNITS[each] === 0) ?? "s";
  return { amount: seconds / UNITS[unit], unit };
}

export const seconds = (amount: number | null, unit: Unit): number | null =>
  amount === null ? null : Math.round(amount * UNITS[unit]);
