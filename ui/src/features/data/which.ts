/** Which record is open. */
import type { Key } from "@/api/metadata";

/** One that is to be made. No key is like it, whatever text keys are made of. */
export const NEW = Symbol("a new record");

export type Which = Key | typeof NEW;

/** As text that tells one from another within a page. */
export const whichText = (which: Which): string => (which === NEW ? "new" : `record ${String(which)}`);
