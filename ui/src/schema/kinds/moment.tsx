/** Days, times of day and moments. */
import { DatePicker, TimePicker } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { day, moment as momentText } from "@/lib/format";
import { control } from "@/schema/control";
import { Typed } from "@/schema/kinds/Typed";
import type { CellProps, InputProps, Look } from "@/schema/types";
import styles from "@/schema/kinds/Kinds.module.css";

const TIME = "HH:mm:ss";
const CLOCK = "YYYY-MM-DD HH:mm:ss";
const DAY = "YYYY-MM-DD";

/** As people write days and times beside the format in which they are shown. */
const DAYS = ["L", "l", DAY];
const TIMES = ["LTS", "LT", TIME, "HH:mm", "H:mm"];
const MOMENTS = DAYS.flatMap((day) => [...TIMES.map((time) => `${day} ${time}`), day]);

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
  const shown = time ? "L LTS" : "L";
  return function DateInput(props: InputProps) {
    return (
      <Typed
        of={props}
        format={shown}
        others={time ? MOMENTS : DAYS}
        read={(value) => read(value, format)}
        written={(value) => written(value, format)}
      >
        {(given) => (
          <DatePicker
            {...control(props)}
            style={{ width: "100%" }}
            showTime={time}
            format={shown}
            needConfirm={false}
            {...given}
          />
        )}
      </Typed>
    );
  };
}

function TimeInput(props: InputProps) {
  return (
    <Typed
      of={props}
      format={TIME}
      others={TIMES}
      read={(value) => read(value, TIME)}
      written={(value) => written(value, TIME)}
    >
      {(given) => <TimePicker {...control(props)} style={{ width: "100%" }} needConfirm={false} {...given} />}
    </Typed>
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
