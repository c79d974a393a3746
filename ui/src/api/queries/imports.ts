/** What becomes of a CSV file in a collection (docs/reference/imports.md). */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { write, type Query } from "@/api/client";

/** How the file is written; what is left out the server finds by itself. */
export interface Layout {
  encoding?: string | undefined;
  delimiter?: string | undefined;
  dateOrder?: "dmy" | "mdy" | undefined;
}

/** Header of a column → name of a field, `null` to leave the column out. */
export type Mapping = Readonly<Record<string, string | null>>;

export interface ImportAsked extends Layout {
  columns?: Mapping | undefined;
  /** A unique field by which records that are there already are told. */
  matchOn?: string | undefined;
  existing?: "skip" | "update" | undefined;
}

export interface PreviewColumn {
  header: string;
  /** What the values look like. */
  type: string;
  /** Day and month could as well be exchanged. */
  ambiguous: boolean;
  field: string | null;
}

export interface BadRow {
  /** Of the file, the header being line 1. */
  line: number;
  field: string | null;
  reason: string;
}

export interface Preview {
  encoding: string;
  delimiter: string;
  columns: PreviewColumn[];
  /** The first ten. */
  rows: string[][];
  /** Rows that were looked at, and how many of them are bad. */
  taken: number;
  rejected: number;
  errors: BadRow[];
  /** Why the import would not begin. */
  refusal: string | null;
}

/** What an import has done so far. */
export interface Tally {
  imported: number;
  updated: number;
  skipped: number;
  /** Rows of nothing but delimiters. */
  empty: number;
  rejected: number;
  /** The first 1,000 bad rows. */
  errors: BadRow[];
}

/** A preview is made of so much of a file. */
const BEGINNING_BYTES = 512 * 1024;

const nameOf = (file: File): string => `${file.name} ${file.size} ${file.lastModified}`;

export const toQuery = (asked: ImportAsked): Query => ({ ...asked });

export const imports = {
  all: ["imports"] as const,
  preview: (collection: string, file: File, asked: ImportAsked) =>
    queryOptions({
      queryKey: [...imports.all, collection, nameOf(file), asked],
      queryFn: ({ signal }) =>
        write<Preview>(`${collection}:importPreview`, {
          query: { ...toQuery(asked), partial: file.size > BEGINNING_BYTES },
          body: file.slice(0, BEGINNING_BYTES),
          signal,
        }),
      staleTime: Infinity,
      gcTime: 0,
      retry: false,
      refetchOnWindowFocus: false,
      placeholderData: keepPreviousData,
    }),
};
