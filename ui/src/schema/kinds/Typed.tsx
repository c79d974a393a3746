/** Around a picker of days or times: what is typed there and can not be read is told; the picker alone would forget it. */
import dayjs, { type Dayjs } from "dayjs";
import customParseFormat from "dayjs/plugin/customParseFormat";
import localizedFormat from "dayjs/plugin/localizedFormat";
import { useState, type ReactNode } from "react";
import { Unreadable, type InputProps } from "@/schema/types";

dayjs.extend(customParseFormat);
dayjs.extend(localizedFormat);

/** What is typed, by the first of the formats that it has to the letter. */
export function readTyped(text: string, formats: readonly string[]): Dayjs | null {
  const given = text.trim();
  const found = formats
    .flatMap((format) => [dayjs(given, format, true), dayjs(given.toUpperCase(), format, true)])
    .find((moment) => moment.isValid());
  return found ?? null;
}

interface Props {
  of: InputProps;
  /** As the picker shows it. */
  format: string;
  /** As people may write it besides; understood once they are done. */
  others: readonly string[];
  read: (value: unknown) => Dayjs | null;
  written: (value: Dayjs | null) => string | null;
  children: (given: {
    value: Dayjs | null;
    onChange: (value: Dayjs | null) => void;
    preserveInvalidOnBlur: true;
    status?: "error";
  }) => ReactNode;
}

export function Typed({ of: { value: given, onChange }, format, others, read, written, children }: Props) {
  const value = given ?? null;
  // `shown` is the last value that could be read: beside it the picker keeps what is typed.
  const [now, setNow] = useState({ value, shown: value, round: 0 });
  if (value !== now.value) {
    const typed = value instanceof Unreadable;
    setNow({ value, shown: typed ? now.shown : value, round: now.round + (typed ? 0 : 1) });
  }
  const tell = (next: string | null | Unreadable) => {
    setNow({ ...now, value: next, shown: next instanceof Unreadable ? now.shown : next });
    onChange?.(next);
  };
  const type = (text: string) => {
    const found = readTyped(text, [format]);
    tell(found ? written(found) : text.trim() === "" ? null : new Unreadable(text));
  };
  const leave = () => {
    const found = value instanceof Unreadable ? readTyped(value.text, others) : null;
    if (found) tell(written(found));
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions -- keys come from its input; nobody presses it itself
    <div
      style={{ width: "100%" }}
      onChange={(event) => {
        if (event.target instanceof HTMLInputElement) type(event.target.value);
      }}
      onBlur={leave}
      onKeyDown={(event) => {
        if (event.key === "Enter") leave();
      }}
      key={now.round}
    >
      {children({
        value: read(now.shown),
        onChange: (next) => tell(written(next)),
        preserveInvalidOnBlur: true,
        ...(value instanceof Unreadable ? { status: "error" as const } : {}),
      })}
    </div>
  );
}
