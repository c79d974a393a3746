import { Input } from "antd";
import { useState } from "react";
import { control } from "@/schema/control";
import { Unreadable, type CellProps, type InputProps, type Look } from "@/schema/types";
import styles from "@/schema/kinds/Kinds.module.css";

/** Longer ones are cut: a table shows that there is something, a record what. */
const SHOWN = 200;

function JsonCell({ value }: CellProps) {
  const text = JSON.stringify(value);
  return (
    <span className={`${styles["text"] ?? ""} ${styles["code"] ?? ""}`}>
      {text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}
    </span>
  );
}

/** What was written: a value, nothing, or what is no JSON (yet). */
export function readJson(text: string): unknown {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return new Unreadable(text);
  }
}

const writeJson = (value: unknown): string => {
  if (value instanceof Unreadable) return value.text;
  return value === null || value === undefined ? "" : JSON.stringify(value, null, 2);
};

export function JsonInput(props: InputProps) {
  const { value, onChange } = props;
  const [typed, type] = useState(() => writeJson(value));
  // Another value from outside takes the place of what was typed; what was typed keeps its spaces.
  const same = JSON.stringify(readJson(typed)) === JSON.stringify(value ?? null);
  const text = same || value instanceof Unreadable ? typed : writeJson(value);
  return (
    <Input.TextArea
      {...control(props)}
      className={styles["code"] ?? ""}
      {...(value instanceof Unreadable ? { status: "error" } : {})}
      value={text}
      onChange={(event) => {
        type(event.target.value);
        onChange?.(readJson(event.target.value));
      }}
      autoSize={{ minRows: 3, maxRows: 16 }}
      spellCheck={false}
    />
  );
}

export const json: Look = { Cell: JsonCell, Input: JsonInput, width: 200, lines: true, sortable: false };
