/** Records that are opened from within another one, in a drawer of their own above it. */
import { createContext, use } from "react";
import type { Row } from "@/api/metadata";
import type { Which } from "@/features/data/which";

export interface Opened {
  collection: string;
  record: Which;
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
