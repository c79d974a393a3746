/** What an error says to people: by its code in their language where we have a better sentence than the server's. */
import type { TFunction } from "i18next";
import { ApiError } from "@/api/client";

/** Codes for which the pages have a sentence of their own, `errors.<code>`. */
const OWN = [
  "NETWORK",
  "EMPTY_TOKEN",
  "EXPIRED_TOKEN",
  "EXPIRED_SESSION",
  "BLOCKED_TOKEN",
  "INVALID_TOKEN",
] as const;
type Own = (typeof OWN)[number];

const isOwn = (code: string): code is Own => (OWN as readonly string[]).includes(code);

/** One sentence. */
export function errorText(t: TFunction, error: unknown): string {
  if (!(error instanceof ApiError)) return t("errors.unexpected");
  return isOwn(error.code) ? t(`errors.${error.code}`) : error.message;
}

/** Whether it is about what was written: a value that is none, one that is taken, rights beyond one's own. */
export const isRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.status === 400 || error.status === 409 || error.code === "ESCALATION");

/** Whether the person has to sign in (again). */
export const isSignedOut = (error: unknown): boolean => error instanceof ApiError && error.status === 401;

/** Whether asking again may help: the server was not reached, is not up yet, or is busy. A plugin that is off stays so. */
export const passes = (error: unknown): boolean =>
  error instanceof ApiError &&
  error.code !== "PLUGIN_FAILED" &&
  (error.status === 0 || error.status === 429 || error.status === 503);
