/** Records that are opened from within another one, in a drawer of their own above it. */
import { createContext, use } from "react";
import type { Key, Row } from "@/api/metadata";

/** In the place of a key: a record that is to be made. */
export const NEW = "new";

export interface Opened {
  collection: string;
  /** Its key, or `NEW`. */
  record: Key;
  /** Where a new record is made, such as `posts/1/comments`; its collection where nothing is said. */
  at?: string;
  onSaved?: (row: Row) => void;
}

export const Opening = createContext<((opened: Opened) => void) | null>(null);

export function useOpen(): (opened: Opened) => void {
  const open = use(Opening);
  if (!open) throw new Error("useOpen outside of a RecordDrawer");
  return open;
}
