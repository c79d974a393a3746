/** What pages keep in their address: read without trust, since anybody may write one. */

export interface ListSearch {
  page?: number;
  pageSize?: number;
  search?: string;
  sort?: string;
}

const whole = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
const text = (value: unknown): string | undefined =>
  typeof value === "string" && value ? value : typeof value === "number" ? String(value) : undefined;

/** Page, size, word and order of a list; what does not fit is left out. `sorts`: the columns that can be sorted by. */
export function listSearch(given: Record<string, unknown>, sorts: readonly string[]): ListSearch {
  const page = whole(given["page"]);
  const pageSize = whole(given["pageSize"]);
  const search = text(given["search"]);
  const sort = text(given["sort"]);
  return {
    ...(page ? { page } : {}),
    ...(pageSize && pageSize <= 100 ? { pageSize } : {}),
    ...(search ? { search } : {}),
    ...(sort && sorts.includes(sort.replace(/^-/, "")) ? { sort } : {}),
  };
}

/**
 * For `validateSearch` of a route: what `read` leaves out of an address does not reach the page. The router alone would
 * keep what is left out as it came.
 */
export const only =
  <S extends object>(read: (search: Record<string, unknown>) => S) =>
  (search: Record<string, unknown>): S => ({
    ...Object.fromEntries(Object.keys(search).map((name) => [name, undefined])),
    ...read(search),
  });
