/** Pages of a list, of which the last one may go while somebody is on it. */
import { useEffect } from "react";

interface Found {
  data: { rows: readonly unknown[]; meta: { count?: number | undefined } } | undefined;
  isPlaceholderData: boolean;
}

/** The page to be on: the one asked for, or the last one there is where that is beyond it; the first where nobody counts. */
export function pageWithin({ data, isPlaceholderData }: Found, page: number, pageSize: number): number {
  if (data === undefined || isPlaceholderData || data.rows.length > 0 || page === 1) return page;
  const last = Math.max(1, Math.ceil((data.meta.count ?? 0) / pageSize));
  return Math.min(page, last);
}

/** Turn back from a page that is not there: what stood on it is gone, or an address names one too many. */
export function useLastPage(found: Found, page: number, pageSize: number, turn: (to: number) => void): void {
  const to = pageWithin(found, page, pageSize);
  useEffect(() => {
    if (to !== page) turn(to);
  }, [to, page, turn]);
}
