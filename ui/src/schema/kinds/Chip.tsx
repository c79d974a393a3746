/** A short value in a frame of its own, with the colour of its option where it has one. */
import type { CSSProperties, ReactNode } from "react";
import styles from "@/schema/kinds/Kinds.module.css";

/** The names of colours that options may have; others are taken as CSS writes them (`#16a34a`). */
const NAMED: ReadonlySet<string> = new Set([
  "red",
  "volcano",
  "orange",
  "gold",
  "yellow",
  "lime",
  "green",
  "cyan",
  "blue",
  "geekblue",
  "purple",
  "magenta",
  "pink",
]);

interface Props {
  color?: string | null;
  children: ReactNode;
}

export function Chip({ color, children }: Props) {
  const tone = color && color !== "default" ? (NAMED.has(color) ? `var(--ant-${color})` : color) : null;
  return (
    <span
      className={`${styles["chip"] ?? ""} ${tone ? (styles["dot"] ?? "") : ""}`}
      {...(tone ? { style: { "--tone": tone } as CSSProperties } : {})}
    >
      <span className={styles["text"]} dir="auto">
        {children}
      </span>
    </span>
  );
}
