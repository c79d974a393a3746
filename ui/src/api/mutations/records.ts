/** Writing records. What was read of their collection is read anew afterwards. */
import { useMutation, useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { key, write } from "@/api/client";
import { keyOf, type Collection, type Key, type Row } from "@/api/metadata";
import { records, type Records } from "@/api/queries/records";

export function useCreateRecord(collection: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (values: Row) => write<Row>(`${collection}:create`, { body: values }),
    onSuccess: () => client.invalidateQueries({ queryKey: records.of(collection) }),
  });
}

export interface Change {
  of: Key;
  values: Row;
  /** What lists show at once in place of `values`: of relations the records, where `values` has keys. */
  shown?: Row;
}

/** A change is seen in lists at once, and taken back there where the server refuses it. */
export function useUpdateRecord(collection: Collection) {
  const client = useQueryClient();
  const lists = { queryKey: [...records.of(collection.name), "list"] };
  const mutationKey = ["records", collection.name];
  const isOf = (key: Key) => (row: Row) => keyOf(collection, row) === key;
  return useMutation({
    mutationKey,
    mutationFn: ({ of, values }: Change) =>
      write<Row[]>(key(`${collection.name}:update`, of), { body: values }),
    onMutate: async ({ of, values, shown }) => {
      await client.cancelQueries(lists);
      const before = client.getQueriesData<Records>(lists);
      const found = before.map(([, data]) => data?.rows.find(isOf(of))).find(Boolean);
      showChange(client, before, (row) => (isOf(of)(row) ? { ...row, ...(shown ?? values) } : row));
      return found;
    },
    onError: (_error, { of, values, shown }, found) => {
      if (!found) return;
      const written = shown ?? values;
      showChange(client, client.getQueriesData<Records>(lists), (row) =>
        isOf(of)(row) ? takenBack(row, written, found) : row,
      );
    },
    onSettled: () => {
      // While another change is on its way, what is read now would take it from the page for a moment.
      if (client.isMutating({ mutationKey }) > 1) return undefined;
      return client.invalidateQueries({ queryKey: records.of(collection.name) });
    },
  });
}

/** A row without a change that was refused: fields that hold what it wrote are as they were; others have been changed since. */
export function takenBack(row: Row, written: Row, before: Row): Row {
  const mine = Object.keys(written).filter((name) => row[name] === written[name]);
  return { ...row, ...Object.fromEntries(mine.map((name) => [name, before[name]])) };
}

function showChange(
  client: QueryClient,
  lists: [QueryKey, Records | undefined][],
  change: (row: Row) => Row,
) {
  for (const [queryKey, data] of lists) {
    if (data) client.setQueryData<Records>(queryKey, { ...data, rows: data.rows.map(change) });
  }
}

/** The same values for many records. */
export function useUpdateRecords(collection: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ of, values }: { of: readonly Key[]; values: Row }) =>
      write<Row[]>(`${collection}:update`, { query: { filterByTk: JSON.stringify(of) }, body: values }),
    onSettled: () => client.invalidateQueries({ queryKey: records.of(collection) }),
  });
}

/** Answers how many are gone. */
export function useDestroyRecords(collection: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (of: readonly Key[]) =>
      write<number>(`${collection}:destroy`, { query: { filterByTk: JSON.stringify(of) } }),
    onSettled: () => client.invalidateQueries({ queryKey: records.of(collection) }),
  });
}
