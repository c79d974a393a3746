/** One or several of the options of a field. */
import { Select } from "antd";
import { optionsOf, type Field, type Option } from "@/api/metadata";
import { Chip } from "@/schema/kinds/Chip";
import { control } from "@/schema/control";
import type { CellProps, InputProps, Look } from "@/schema/types";
import styles from "@/schema/kinds/Kinds.module.css";

function optionFor(field: Field, value: unknown): Pick<Option, "label" | "color"> {
  const found = optionsOf(field)?.find((option) => option.value === value);
  if (found) return found;
  return { label: typeof value === "string" ? value : JSON.stringify(value), color: null };
}

function Chosen({ value, field }: CellProps) {
  const { label, color } = optionFor(field, value);
  return <Chip color={color}>{label}</Chip>;
}

function Several({ value, field }: CellProps) {
  const members: unknown[] = Array.isArray(value) ? value : [value];
  return (
    <span className={styles["chips"]}>
      {members.map((member, index) => (
        <Chosen key={index} value={member} field={field} />
      ))}
    </span>
  );
}

const choices = (field: Field) =>
  (optionsOf(field) ?? []).map(({ value, label, color }) => ({
    value: value as string,
    search: label,
    label: <Chip color={color}>{label}</Chip>,
  }));

const SEARCHED = { optionFilterProp: "search" } as const;

function SelectInput(props: InputProps) {
  const { field, value, onChange } = props;
  return (
    <Select
      {...control(props)}
      allowClear
      showSearch={SEARCHED}
      style={{ width: "100%" }}
      value={(value ?? null) as string | null}
      onChange={(next: string | undefined) => onChange?.(next ?? null)}
      options={choices(field)}
    />
  );
}

export function SeveralInput(props: InputProps) {
  const { field, value, onChange } = props;
  return (
    <Select
      {...control(props)}
      mode="multiple"
      allowClear
      showSearch={SEARCHED}
      style={{ width: "100%" }}
      value={Array.isArray(value) ? (value as string[]) : []}
      onChange={(next: string[]) => onChange?.(next)}
      options={choices(field)}
    />
  );
}

export const select: Look = { Cell: Chosen, Input: SelectInput, width: 140, instant: true };
export const multipleSelect: Look = { Cell: Several, Input: SeveralInput, width: 200, sortable: false };

const isText = (value: unknown): value is string => typeof value === "string";

function ListInput(props: InputProps) {
  const { value, onChange } = props;
  const members = Array.isArray(value) ? value : [];
  return (
    <Select
      {...control(props)}
      mode="tags"
      style={{ width: "100%" }}
      open={false}
      suffix={null}
      tokenSeparators={[","]}
      value={members.map((member) => (isText(member) ? member : JSON.stringify(member)))}
      onChange={(texts: string[]) => onChange?.(texts.map((text) => restored(text, members)))}
    />
  );
}

/** A member that was there keeps what it was (a number stays one); what is added is text. */
function restored(text: string, before: readonly unknown[]): unknown {
  return before.find((member) => !isText(member) && JSON.stringify(member) === text) ?? text;
}

/** A list of whatever people write. */
export const array: Look = { Cell: Several, Input: ListInput, width: 180, sortable: false };
