/** What the address of a table says: which page of which records in which order. A link shows the same to others. */
import type { SortBy } from "@/features/data/sorting";
import { readSort, writeSort } from "@/features/data/sorting";
import { NEW, type Which } from "@/features/data/which";

export interface DataSearch {
  page?: number;
  pageSize?: number;
  /** `-createdAt,name`. */
  sort?: string;
  /** As the API takes it. */
  filter?: object;
  /** Text that is searched for. */
  q?: string;
  /** Key of the record that is open. */
  record?: string | number;
  /** A new record is being made; beside a key, the key counts. */
  create?: true;
}

export const PAGE_SIZES = [20, 50, 100] as const;
export const DEFAULT_PAGE_SIZE = 20;

/** Only what says something; what is none of ours or no value is left out. */
export function readSearch(search: Record<string, unknown>): DataSearch {
  const { page, pageSize, sort, filter, q, record, create } = search;
  const found: DataSearch = {};
  if (isCount(page) && page > 1) found.page = page;
  if (isCount(pageSize) && pageSize !== DEFAULT_PAGE_SIZE && isPageSize(pageSize)) found.pageSize = pageSize;
  const sorted = typeof sort === "string" ? writeSort(readSort(sort)) : undefined;
  if (sorted !== undefined) found.sort = sorted;
  if (isFilter(filter)) found.filter = filter;
  if ((typeof q === "string" || typeof q === "number") && String(q).trim()) found.q = String(q);
  if (typeof record === "number" || (typeof record === "string" && record)) found.record = record;
  else if (create === true) found.create = true;
  return found;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;
const isPageSize = (value: number): boolean => (PAGE_SIZES as readonly number[]).includes(value);
const isFilter = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;

/** Other records from their first page on: a filter, a search or an order was changed. */
export function anew(
  search: DataSearch,
  change: { [K in keyof DataSearch]?: DataSearch[K] | undefined },
): DataSearch {
  return readSearch({ ...search, page: undefined, ...change });
}

/** The record that is open. */
export const whichOf = ({ record, create }: DataSearch): Which | undefined => record ?? (create && NEW);

/** The same with another record open, or none. */
export const opening = (search: DataSearch, which: Which | undefined): DataSearch =>
  readSearch({ ...search, record: which === NEW ? undefined : which, create: which === NEW });

export const sortOf = (search: DataSearch): SortBy[] => readSort(search.sort ?? "");

/** The filter of the request: what was built and what is searched for, together. */
export function filterOf(search: DataSearch, searched: readonly string[]): object | null {
  const text = search.q?.trim();
  const found =
    text && searched.length > 0 ? { $or: searched.map((name) => ({ [name]: { $includes: text } })) } : null;
  if (search.filter && found) return { $and: [search.filter, found] };
  return search.filter ?? found;
}
