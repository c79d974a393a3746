/** The fields of one record, what was changed of them, and how that is stored. */
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { useLive } from "@/api/live";
import { isToOne, type Collection, type Key, type Row } from "@/api/metadata";
import { records } from "@/api/queries/records";
import { isReadable, useCollectionRights } from "@/components/collectionRights";
import { useCollections } from "@/components/collections";
import { useRights } from "@/components/rights";
import { Loading, Nothing, Failed } from "@/components/states";
import { partsOf, type Parts } from "@/features/data/record-fields";
import { RecordFields } from "@/features/data/RecordFields";
import { NEW, type Which } from "@/features/data/which";
import { labelOf } from "@/schema/kinds/relation";

export interface RecordProps {
  collection: Collection;
  record: Which;
  at?: string | undefined;
  onTitle: (title: string) => void;
  /** Told how the form is left: it asks where something would be lost. */
  onLeave: (leave: (then: () => void) => void) => void;
  onRecord: (record: Which | undefined) => void;
  onSaved?: ((row: Row) => void) | undefined;
}

export function OneRecord(props: RecordProps) {
  const { collection, record } = props;
  const rights = useCollectionRights(collection);
  const all = useCollections();
  const { rights: role } = useRights();
  const permission = record === NEW ? "create" : "view";
  const parts = partsOf(
    collection,
    (name) => rights.mayField(permission, name) && isReadable(role, all, collection, name),
  );
  if (record !== NEW) return <Existing {...props} record={record} parts={parts} />;
  if (!rights.may("create")) return null;
  return <RecordFields {...props} row={defaults(parts)} parts={{ ...parts, stamps: [] }} />;
}

const defaults = ({ main }: Parts): Row =>
  Object.fromEntries(
    main
      .filter((field) => field.defaultValue !== undefined && field.defaultValue !== null)
      .map((field) => [field.name, field.defaultValue]),
  );

function Existing({ parts, record, ...props }: RecordProps & { record: Key; parts: Parts }) {
  const { collection, onTitle } = props;
  const { t } = useTranslation();
  const appends = [...parts.main, ...parts.stamps].filter(isToOne).map(({ name }) => name);
  const found = useQuery(records.get(collection.name, record, { appends }));
  useLive(`records:${collection.name}`, records.of(collection.name));
  const { data: row, error, refetch } = found;
  const title = row ? labelOf(collection, row) : "";
  useEffect(() => onTitle(title), [title, onTitle]);
  if (row === undefined) return error ? <Failed error={error} retry={() => void refetch()} /> : <Loading />;
  if (row === null) return <Nothing title={t("record.gone")} hint={t("record.goneHint")} />;
  return <RecordFields {...props} record={record} row={row} parts={parts} />;
}
