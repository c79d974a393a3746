/** Numbers, sizes and moments as the reader's language writes them. */
import dayjs from "dayjs";
import localizedFormat from "dayjs/plugin/localizedFormat";
import relativeTime from "dayjs/plugin/relativeTime";
import { decimalText } from "@/lib/decimals";

dayjs.extend(localizedFormat);
dayjs.extend(relativeTime);

let tag = "en-US";

/** From now on texts are made in this language. Its dayjs locale must have been loaded. */
export function setFormats(language: string, dayjsLocale: string): void {
  tag = language;
  dayjs.locale(dayjsLocale);
}

export const number = (value: number, digits = 2): string =>
  new Intl.NumberFormat(tag, { maximumFractionDigits: digits }).format(value);

/** A number that is kept as text, all its digits, at least `digits` behind the point. */
export const decimal = (value: string, digits?: number): string => decimalText(value, tag, digits);

export const percent = (share: number): string =>
  new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 0 }).format(share);

/** `2 h ago`, in words. */
export const ago = (moment: string | number | Date): string => dayjs(moment).fromNow();

export const moment = (value: string | number | Date): string => dayjs(value).format("ll LTS");

export const day = (value: string | number | Date): string => dayjs(value).format("ll");

export const clock = (value: string | number | Date): string => dayjs(value).format("LT");

/** Milliseconds as `0.4 ms`, `12 ms`, `1.2 s`. */
export function duration(ms: number): string {
  if (ms >= 1000) return `${number(ms / 1000, 1)} s`;
  return `${number(ms, ms < 10 ? 1 : 0)} ms`;
}
