/** Writing in a cell of the table: which one is open, and those whose change was refused. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText, isRefusal } from "@/api/errors";
import type { Collection, Key } from "@/api/metadata";
import { useUpdateRecord } from "@/api/mutations/records";
import { atField } from "@/components/refusals";
import { useTold } from "@/components/told";
import { useHere } from "@/components/useHere";

export interface Refused {
  /** What was written. */
  value: unknown;
  message: string;
}

export interface InlineEdit {
  isOpen: (of: Key, field: string) => boolean;
  refused: (of: Key, field: string) => Refused | undefined;
  open: (of: Key, field: string) => void;
  /** Close without a change; a refusal is forgotten. */
  cancel: () => void;
  /** Seen at once, and taken back where the server refuses it. */
  store: (of: Key, field: string, value: unknown) => void;
}

const place = (of: Key, field: string): string => JSON.stringify([of, field]);

export function useInlineEdit(collection: Collection): InlineEdit {
  const { t } = useTranslation();
  const told = useTold();
  const here = useHere();
  const update = useUpdateRecord(collection);
  const [opened, setOpened] = useState<string | null>(null);
  const [refusals, setRefusals] = useState<ReadonlyMap<string, Refused>>(new Map());
  const refuse = (at: string, refused: Refused | null) =>
    setRefusals((before) => {
      const after = new Map(before);
      if (refused) after.set(at, refused);
      else after.delete(at);
      return after;
    });
  return {
    isOpen: (of, field) => opened === place(of, field),
    refused: (of, field) => refusals.get(place(of, field)),
    open: (of, field) => setOpened(place(of, field)),
    cancel: () => {
      if (opened !== null) refuse(opened, null);
      setOpened(null);
    },
    store: (of, field, value) => {
      const at = place(of, field);
      setOpened((now) => (now === at ? null : now));
      refuse(at, null);
      // Callbacks of `mutate` hear of the last change alone, and several may be on their way.
      update.mutateAsync({ of, values: { [field]: value } }).catch((error: unknown) => {
        if (!here.current) told.failed(error);
        else refuse(at, { value, message: isRefusal(error) ? atField(error.entry) : errorText(t, error) });
      });
    },
  };
}
