/** The changes to a record until they are stored, and what others did to it meanwhile. */
import { useCallback, useState } from "react";
import type { Collection, Field, Row } from "@/api/metadata";
import { useCollections } from "@/components/collections";
import { differing, withChange, type Changes, type Find } from "@/features/data/draft";

export interface Draft {
  /** The record as it was when the first change was made, with the changes. */
  shown: Row;
  changes: Changes;
  /** The fields that somebody else has changed since. */
  foreign: Field[];
  change: (field: Field, value: unknown) => void;
  /** Go on from the record as it is now; the changes stay. */
  keepMine: () => void;
  /** Forget all changes. */
  drop: () => void;
  find: Find;
  /** All collections. */
  all: readonly Collection[];
}

export function useDraft(collection: Collection, row: Row): Draft {
  const all = useCollections();
  const find = useCallback<Find>((name) => all.find((one) => one.name === name), [all]);
  const [draft, setDraft] = useState<{ base: Row; changes: Changes } | null>(null);
  const base = draft?.base ?? row;
  const changes = draft?.changes ?? {};
  return {
    shown: { ...base, ...changes },
    changes,
    foreign: draft ? differing(collection, base, row, find) : [],
    change: (field, value) =>
      setDraft((now) => {
        const from = now?.base ?? row;
        const next = withChange(now?.changes ?? {}, from, field, value, find);
        return Object.keys(next).length > 0 ? { base: from, changes: next } : null;
      }),
    keepMine: () => setDraft((now) => now && { base: row, changes: now.changes }),
    drop: () => setDraft(null),
    find,
    all,
  };
}
