/** Numbers that are kept as text, since JavaScript's own would lose digits of them. */

/** With the signs of the reader's language, every digit kept; `value` as it is where it is no number. */
export function decimalText(value: string, tag: string, digits?: number): string {
  if (!/^[+-]?\d+(\.\d+)?$/.test(value)) return value;
  const behind = value.split(".")[1]?.length ?? 0;
  const shown = digits === undefined ? behind : Math.max(digits, trimmed(value));
  return new Intl.NumberFormat(tag, {
    minimumFractionDigits: Math.min(digits ?? 0, 20),
    maximumFractionDigits: Math.min(shown, 20),
  }).format(value as Intl.StringNumericLiteral);
}

/** How many digits behind the point say something. */
const trimmed = (value: string): number => value.split(".")[1]?.replace(/0+$/, "").length ?? 0;

/** A whole number as the API takes it: a number where JavaScript holds it exactly, else its text. */
export function wholeNumber(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** A share as the percents that people write: 0.07 is 7, not 7.000000000000001. */
export const toPercent = (share: number): number => Number((share * 100).toPrecision(12));

export const fromPercent = (percent: number): number => Number((percent / 100).toPrecision(12));
