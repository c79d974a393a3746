/** The order of a table: by several columns, each up or down. */
export interface SortBy {
  path: string;
  down: boolean;
}

/** `-createdAt,name`; what is named twice counts once. */
export function readSort(text: string): SortBy[] {
  const found = new Map<string, SortBy>();
  for (const part of text.split(",").map((piece) => piece.trim())) {
    const path = part.replace(/^-/, "");
    if (path && !found.has(path)) found.set(path, { path, down: part.startsWith("-") });
  }
  return [...found.values()];
}

/** Nothing for no order. */
export const writeSort = (sort: readonly SortBy[]): string | undefined =>
  sort.map(({ path, down }) => (down ? `-${path}` : path)).join(",") || undefined;

/**
 * The order after a click on the head of a column: up, then down, then not at all. `more` keeps the other columns and
 * sorts by this one after them; without it, this one alone counts.
 */
export function turned(sort: readonly SortBy[], path: string, more: boolean): SortBy[] {
  const now = sort.find((by) => by.path === path);
  const next = now === undefined ? { path, down: false } : now.down ? null : { path, down: true };
  if (!more) return next ? [next] : [];
  if (now === undefined) return [...sort, { path, down: false }];
  return sort.flatMap((by) => (by === now ? (next ? [next] : []) : [by]));
}
