/** Records of other collections, by what tells them apart. */
import { Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { errorText } from "@/api/errors";
import { isToMany, keyOf, labelField, type Collection, type Key, type Row } from "@/api/metadata";
import { records } from "@/api/queries/records";
import { useCollection } from "@/components/collections";
import { useDebounced } from "@/components/debounced";
import { Chip } from "@/schema/kinds/Chip";
import { familyOf } from "@/schema/operators";
import { control } from "@/schema/control";
import type { CellProps, InputProps, Look } from "@/schema/types";
import styles from "@/schema/kinds/Kinds.module.css";

const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null;
const rowsOf = (value: unknown): Row[] =>
  Array.isArray(value) ? value.filter(isRow) : isRow(value) ? [value] : [];

/** What a record is called: its label, else its key. */
export function labelOf(collection: Collection, row: Row): string {
  const label = row[labelField(collection)?.name ?? ""];
  if (typeof label === "string" || typeof label === "number") return String(label);
  return `#${String(keyOf(collection, row) ?? "")}`;
}

function ToOneCell({ value, field }: CellProps) {
  const target = useCollection(field.target);
  if (!target || !isRow(value)) return null;
  return (
    <span className={styles["text"]} dir="auto">
      {labelOf(target, value)}
    </span>
  );
}

/** So many are shown in a cell; how many there are beside them is said. */
const SHOWN = 5;

function ToManyCell({ value, field }: CellProps) {
  const target = useCollection(field.target);
  if (!target) return null;
  const rows = rowsOf(value);
  return (
    <span className={styles["chips"]}>
      {rows.slice(0, SHOWN).map((row, index) => (
        <Chip key={keyOf(target, row) ?? index}>{labelOf(target, row)}</Chip>
      ))}
      {rows.length > SHOWN && <Chip>{`+${rows.length - SHOWN}`}</Chip>}
    </span>
  );
}

const OFFERED = 20;

/** The records of `target` whose label contains what is typed. */
export function useOffered(target: Collection | undefined, typed: string, enabled: boolean) {
  const label = target && labelField(target);
  const searched = useDebounced(typed.trim());
  const condition = familyOfLabel(label) === "text" ? { $includes: searched } : { $eq: searched };
  const names = [target?.filterTargetKey, label?.name].filter((name) => typeof name === "string");
  return useQuery({
    ...records.list(target?.name ?? "", {
      page: 1,
      pageSize: OFFERED,
      fields: [...new Set(names)],
      ...(label && searched ? { filter: { [label.name]: condition } } : {}),
      ...(label ? { sort: [label.name] } : {}),
    }),
    enabled: enabled && target !== undefined,
    placeholderData: keepPreviousData,
  });
}

const familyOfLabel = (label: ReturnType<typeof labelField>) => label && familyOf(label);

/** Choose among the records of the field's target. The value is records, each with at least its key and label. */
function RelationInput(props: InputProps) {
  const { field, value, onChange } = props;
  const { t } = useTranslation();
  const target = useCollection(field.target);
  const [open, setOpen] = useState(false);
  const [typed, type] = useState("");
  const offered = useOffered(target, typed, open);
  const many = isToMany(field);
  const chosen = rowsOf(value);
  const known = new Map<Key, Row>();
  for (const row of [...chosen, ...(offered.data?.rows ?? [])]) {
    const key = target && keyOf(target, row);
    if (key !== null && key !== undefined) known.set(key, row);
  }
  const options = target ? [...known].map(([key, row]) => ({ value: key, label: labelOf(target, row) })) : [];
  const keys = target ? chosen.map((row) => keyOf(target, row)).filter((key) => key !== null) : [];
  const choose = (next: Key | Key[] | undefined) => {
    const picked = (Array.isArray(next) ? next : next === undefined ? [] : [next]).map((key) =>
      known.get(key),
    );
    onChange?.(many ? picked : (picked[0] ?? null));
  };
  return (
    <Select<Key | Key[]>
      {...control(props)}
      {...(many ? { mode: "multiple" as const } : {})}
      style={{ width: "100%" }}
      allowClear
      showSearch={{ filterOption: false, onSearch: type }}
      onOpenChange={setOpen}
      loading={offered.isFetching}
      notFoundContent={offered.error ? errorText(t, offered.error) : undefined}
      value={many ? keys : (keys[0] ?? null)}
      onChange={choose}
      options={options}
    />
  );
}

export const toOne: Look = { Cell: ToOneCell, Input: RelationInput, width: 170, instant: true };
export const toMany: Look = { Cell: ToManyCell, Input: RelationInput, width: 200, sortable: false };
/** Who made or changed a record. */
export const person: Look = { Cell: ToOneCell, Input: null, width: 150 };
