/** Storing a draft: as a new record, or what was changed of one that is there. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { key, write } from "@/api/client";
import { isRefusal } from "@/api/errors";
import type { Collection, Field, Row } from "@/api/metadata";
import { records } from "@/api/queries/records";
import { useTold } from "@/components/told";
import { useHere } from "@/components/useHere";
import { bodyOf, complaints, touched, unreadable, type Complaints } from "@/features/data/draft";
import type { Draft } from "@/features/data/useDraft";
import { NEW, type Which } from "@/features/data/which";
import { titleOf } from "@/schema/titles";

const NONE: Complaints = { fields: {}, others: [] };

interface Place {
  collection: Collection;
  record: Which;
  /** Where new ones are made. */
  at: string;
  /** The fields of the form. */
  fields: readonly Field[];
}

export function useSaving({ collection, record, at, fields }: Place, draft: Draft) {
  const { t } = useTranslation();
  const told = useTold();
  const client = useQueryClient();
  const here = useHere();
  const [wrong, setWrong] = useState<Complaints>(NONE);
  const run = useMutation({
    mutationFn: async (body: Row): Promise<Row> => {
      if (record === NEW) return write<Row>(`${at}:create`, { body });
      const [row = {}] = await write<Row[]>(key(`${collection.name}:update`, record), { body });
      return row;
    },
    onSuccess: async (row, body) => {
      client.setQueriesData<Row | null>(
        { queryKey: [...records.of(collection.name), "get", record] },
        (before) => before && { ...before, ...draft.changes, ...row },
      );
      const stale = [...touched(collection, Object.keys(body), draft.all)];
      await Promise.all(stale.map((name) => client.invalidateQueries({ queryKey: records.of(name) })));
    },
  });
  const save = (done: (row: Row) => void) => {
    const unread = unreadable(draft.changes);
    if (unread.length > 0) {
      setWrong({
        fields: Object.fromEntries(unread.map((name) => [name, t("record.unreadable")])),
        others: [],
      });
      return;
    }
    // Awaited, since the form may be left meanwhile: what it was asked for last comes about, or is told of, all the same.
    run.mutateAsync(bodyOf(collection, draft.changes, draft.find)).then(
      (row) => {
        told.done(record === NEW ? t("record.created") : t("common.saved"));
        if (!here.current) return;
        setWrong(NONE);
        draft.drop();
        done(row);
      },
      (error: unknown) => {
        if (here.current && isRefusal(error))
          setWrong(complaints(error, collection, fields, t("record.taken"), (field) => titleOf(t, field)));
        else told.failed(error);
      },
    );
  };
  /** The field has been changed: what was wrong with it may be right now. */
  const forget = (name: string) => {
    const fieldsLeft = Object.fromEntries(
      Object.entries(wrong.fields).filter(([wrongOne]) => wrongOne !== name),
    );
    setWrong({ fields: fieldsLeft, others: [] });
  };
  return { save, busy: run.isPending, wrong, forget };
}
