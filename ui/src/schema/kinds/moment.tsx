/** Days, times of day and moments. */
import { DatePicker, TimePicker } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import customParseFormat from "dayjs/plugin/customParseFormat";
import { day, moment as momentText } from "@/lib/format";
import { control } from "@/schema/control";
import type { CellProps, InputProps, Look } from "@/schema/types";
import styles from "@/schema/kinds/Kinds.module.css";

dayjs.extend(customParseFormat);

const TIME = "HH:mm:ss";
const CLOCK = "YYYY-MM-DD HH:mm:ss";
const DAY = "YYYY-MM-DD";

function cell(show: (text: string) => string) {
  return function MomentCell({ value }: CellProps) {
    return (
      <span className={`${styles["text"] ?? ""} ${styles["figures"] ?? ""}`}>{show(String(value))}</span>
    );
  };
}

const read = (value: unknown, format?: string): Dayjs | null => {
  if (typeof value !== "string" && typeof value !== "number") return null;
  const found = format === undefined ? dayjs(value) : dayjs(String(value).slice(0, format.length), format);
  return found.isValid() ? found : null;
};

/** As the API takes it: a moment in UTC, else what the clock or calendar says. */
const written = (value: Dayjs | null, format?: string): string | null =>
  value === null ? null : format === undefined ? value.toISOString() : value.format(format);

interface Written {
  /** Of the API, where it is no moment in UTC. */
  format?: string;
  time: boolean;
}

function dateInput({ format, time }: Written) {
  return function DateInput(props: InputProps) {
    const { value, onChange } = props;
    return (
      <DatePicker
        {...control(props)}
        style={{ width: "100%" }}
        showTime={time}
        format={time ? "L LTS" : "L"}
        needConfirm={false}
        value={read(value, format)}
        onChange={(next: Dayjs | null) => onChange?.(written(next, format))}
      />
    );
  };
}

function TimeInput(props: InputProps) {
  const { value, onChange } = props;
  return (
    <TimePicker
      {...control(props)}
      style={{ width: "100%" }}
      needConfirm={false}
      value={read(value, TIME)}
      onChange={(next: Dayjs | null) => onChange?.(written(next, TIME))}
    />
  );
}

const MOMENT_WIDTH = 200;

export const datetime: Look = {
  Cell: cell(momentText),
  Input: dateInput({ time: true }),
  width: MOMENT_WIDTH,
};
export const wallClock: Look = {
  Cell: cell(momentText),
  Input: dateInput({ format: CLOCK, time: true }),
  width: MOMENT_WIDTH,
};
export const dateOnly: Look = { Cell: cell(day), Input: dateInput({ format: DAY, time: false }), width: 160 };
export const time: Look = { Cell: cell((text) => text.slice(0, TIME.length)), Input: TimeInput, width: 100 };
/** Of records: when they were made and changed. */
export const stamp: Look = { Cell: cell(momentText), Input: null, width: MOMENT_WIDTH };
