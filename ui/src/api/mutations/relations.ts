/** What the relation of a record to many holds: related, related no longer. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { write } from "@/api/client";
import type { Key } from "@/api/metadata";
import { records, through } from "@/api/queries/records";

interface Relation {
  collection: string;
  of: Key;
  relation: string;
  target: string;
}

export type LinkVerb = "add" | "remove";

export function useLink({ collection, of, relation, target }: Relation) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ verb, keys }: { verb: LinkVerb; keys: readonly Key[] }) =>
      write<unknown>(`${through(collection, of, relation)}:${verb}`, { body: keys }),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: records.of(target) }),
        client.invalidateQueries({ queryKey: records.of(collection) }),
      ]),
  });
}
