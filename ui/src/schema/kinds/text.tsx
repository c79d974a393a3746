/** Text of one line, and what is made of it: addresses, numbers to call, links. */
import { Input, Typography } from "antd";
import type { ReactNode } from "react";
import { control } from "@/schema/control";
import type { CellProps, InputProps, Look } from "@/schema/types";
import styles from "@/schema/kinds/Kinds.module.css";

export function TextCell({ value }: CellProps) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (
    <span className={styles["text"]} dir="auto">
      {text}
    </span>
  );
}

function CodeCell({ value }: CellProps) {
  return <span className={`${styles["text"] ?? ""} ${styles["code"] ?? ""}`}>{String(value)}</span>;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Nothing written is no value. */
const given = (text: string): string | null => (text === "" ? null : text);

type As = "text" | "email" | "tel" | "url";

function lineInput(type: As) {
  return function LineInput(props: InputProps) {
    const { field, value, onChange } = props;
    return (
      <Input
        {...control(props)}
        type={type}
        {...(type === "text" ? { dir: "auto" } : {})}
        value={textOf(value)}
        onChange={(event) => onChange?.(given(event.target.value))}
        autoComplete="off"
        {...(field.length ? { maxLength: field.length } : {})}
      />
    );
  };
}

function linked(address: (text: string) => string | null) {
  return function LinkCell({ value }: CellProps): ReactNode {
    const text = String(value);
    const href = address(text);
    if (href === null) return <span className={styles["text"]}>{text}</span>;
    const outside = href.startsWith("http");
    return (
      <Typography.Link
        ellipsis
        href={href}
        {...(outside ? { target: "_blank", rel: "noopener noreferrer" } : {})}
        onClick={(event) => event.stopPropagation()}
      >
        {text}
      </Typography.Link>
    );
  };
}

/** Only addresses of the web: what else people may have written leads nowhere. */
export const webAddress = (text: string): string | null => (/^https?:\/\/\S+$/i.test(text) ? text : null);
const mailAddress = (text: string): string | null =>
  /^[^\s@]+@[^\s@]+$/.test(text) ? `mailto:${encodeURIComponent(text).replace("%40", "@")}` : null;
const callAddress = (text: string): string | null =>
  /^[+\d][\d\s()./-]*$/.test(text) ? `tel:${text.replace(/[^+\d]/g, "")}` : null;

export const LineInput = lineInput("text");

export const text: Look = { Cell: TextCell, Input: LineInput, width: 180 };
export const email: Look = { Cell: linked(mailAddress), Input: lineInput("email"), width: 200 };
export const phone: Look = { Cell: linked(callAddress), Input: lineInput("tel"), width: 150 };
export const url: Look = { Cell: linked(webAddress), Input: lineInput("url"), width: 200 };

/** What identifies: written rarely, read by signs. */
export const identifier: Look = { Cell: CodeCell, Input: LineInput, width: 160 };

function LinesInput(props: InputProps) {
  const { value, onChange } = props;
  return (
    <Input.TextArea
      {...control(props)}
      dir="auto"
      value={textOf(value)}
      onChange={(event) => onChange?.(given(event.target.value))}
      autoSize={{ minRows: 3, maxRows: 12 }}
    />
  );
}

export const textarea: Look = { Cell: TextCell, Input: LinesInput, width: 240, lines: true };

function PasswordCell() {
  return <span aria-hidden="true">{"••••••"}</span>;
}

function PasswordInput(props: InputProps) {
  const { value, onChange } = props;
  return (
    <Input.Password
      {...control(props)}
      value={textOf(value)}
      onChange={(event) => onChange?.(given(event.target.value))}
      autoComplete="new-password"
    />
  );
}

/** Never answered: what is written here takes the place of what was. */
export const password: Look = { Cell: PasswordCell, Input: PasswordInput, width: 120, sortable: false };
