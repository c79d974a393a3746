/** A record of a relation in a few columns: what it is called, and a little beside. */
import type { ColumnType } from "antd/es/table";
import type { TFunction } from "i18next";
import {
  fieldOf,
  isRelation,
  labelField,
  optionsOf,
  type Collection,
  type Field,
  type Row,
} from "@/api/metadata";
import { TextButton } from "@/components/TextButton";
import { Fact } from "@/features/data/RecordField";
import { isShown, lookOf } from "@/schema/registry";
import { titleOf } from "@/schema/titles";

const COLUMNS = 3;
const STAMPS: ReadonlySet<string> = new Set(["createdAt", "updatedAt", "sort"]);

/** The label first, the key always; without the way back. */
export function briefFields(target: Collection, through?: Field): Field[] {
  const label = labelField(target);
  const others = target.fields.filter(
    (field) =>
      field !== label &&
      isShown(field) &&
      !isRelation(field) &&
      !field.isForeignKey &&
      !field.primaryKey &&
      !STAMPS.has(field.interface ?? "") &&
      !lookOf(field).lines &&
      field.name !== through?.foreignKey,
  );
  const key = target.filterTargetKey === null ? undefined : fieldOf(target, target.filterTargetKey);
  const shown = [label, ...others.slice(0, COLUMNS - 1)].filter((field) => field !== undefined);
  return key && !shown.includes(key) ? [...shown, key] : shown;
}

/** The text of a field, where that is all of it: where it stands in a button, it is no link of its own. */
const plainOf = (field: Field, value: unknown): string | null =>
  typeof value === "string" && value !== "" && !optionsOf(field) ? value : null;

export function briefColumns(
  t: TFunction,
  fields: readonly Field[],
  onOpen?: (row: Row) => void,
): ColumnType<Row>[] {
  return fields.slice(0, COLUMNS).map((field, position) => ({
    key: field.name,
    title: titleOf(t, field),
    ...(lookOf(field).align ? { align: "end" as const } : {}),
    render: (_: unknown, row: Row) =>
      position === 0 && onOpen ? (
        <TextButton onClick={() => onOpen(row)}>
          {plainOf(field, row[field.name]) ?? <Fact field={field} value={row[field.name]} />}
        </TextButton>
      ) : (
        <Fact field={field} value={row[field.name]} />
      ),
  }));
}
