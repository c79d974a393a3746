import { queryOptions } from "@tanstack/react-query";
import { key, list, read, type Meta } from "@/api/client";
import type { Key, Row } from "@/api/metadata";

/** Which records, in which order, and what of them. */
export interface RecordsAsked {
  page?: number;
  pageSize?: number;
  /** Names of fields, `-` before those that descend. */
  sort?: readonly string[];
  filter?: object | null;
  /** Dotted paths reach into relations (`customer.name`), which are read along by that. Nothing: all fields. */
  fields?: readonly string[];
  appends?: readonly string[];
}

export interface Records {
  rows: Row[];
  meta: Meta;
}

/** What stands before `:list` for the records that a relation of one record holds. */
export const through = (collection: string, of: Key, relation: string): string =>
  `${collection}/${encodeURIComponent(of)}/${relation}`;

export const records = {
  all: ["records"] as const,
  /** Everything that was read of a collection; a live change makes it be read anew. */
  of: (collection: string) => [...records.all, collection] as const,
  list: (collection: string, asked: RecordsAsked) =>
    queryOptions({
      queryKey: [...records.of(collection), "list", asked],
      queryFn: ({ signal }): Promise<Records> =>
        list<Row>(`${collection}:list`, { query: { ...asked }, signal }),
    }),
  /** Raises nothing for a record that is not there (or hidden from the person): it is `null`. */
  get: (collection: string, of: Key, asked: Pick<RecordsAsked, "fields" | "appends"> = {}) =>
    queryOptions({
      queryKey: [...records.of(collection), "get", of, asked],
      queryFn: ({ signal }) =>
        read<Row | null>(key(`${collection}:get`, of), { query: { ...asked }, signal }),
    }),
  /** The records of `target` that a relation of one record holds. */
  related: (collection: string, of: Key, relation: string, target: string, asked: RecordsAsked) =>
    queryOptions({
      queryKey: [...records.of(target), "related", collection, of, relation, asked],
      queryFn: ({ signal }): Promise<Records> =>
        list<Row>(`${through(collection, of, relation)}:list`, { query: { ...asked }, signal }),
    }),
};
