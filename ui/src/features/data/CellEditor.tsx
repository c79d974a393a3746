/** The input that stands in a cell while it is written. */
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from "react";
import { useTranslation } from "react-i18next";
import type { Field } from "@/api/metadata";
import { FieldInput } from "@/schema/FieldInput";
import { lookOf } from "@/schema/registry";
import { titleOf } from "@/schema/titles";
import { Unreadable } from "@/schema/types";
import styles from "@/features/data/Data.module.css";

export interface EditorHandle {
  /** Store what is written; what can not be read stays. */
  commit: () => void;
}

interface Props {
  field: Field;
  /** What the cell holds, or what was refused last. */
  value: unknown;
  onStore: (value: unknown) => void;
  onCancel: () => void;
  ref: Ref<EditorHandle>;
}

/** Parts of an input that stand elsewhere on the page. */
const POPUPS = ".ant-picker-dropdown, .ant-select-dropdown";

export function CellEditor({ field, value, onStore, onCancel, ref }: Props) {
  const { t } = useTranslation();
  const kind = lookOf(field);
  const [written, write] = useState(value);
  const latest = useRef(value);
  const over = useRef(false);
  const box = useRef<HTMLDivElement>(null);
  const finish = (next: unknown) => {
    if (over.current || next instanceof Unreadable) return;
    over.current = true;
    if (JSON.stringify(next ?? null) === JSON.stringify(value ?? null)) onCancel();
    else onStore(next ?? null);
  };
  useImperativeHandle(ref, () => ({ commit: () => finish(latest.current) }));
  useEffect(() => {
    const cell = box.current?.closest("td");
    return () => {
      // Where the input had the focus, its cell gets it.
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) cell?.focus();
      });
    };
  }, []);
  return (
    <div
      ref={box}
      className={styles["editor"]}
      onBlur={(event) => {
        const to = event.relatedTarget;
        if (box.current?.contains(to) || to?.closest(POPUPS)) return;
        if (to !== null || document.hasFocus()) finish(latest.current);
      }}
    >
      <FieldInput
        field={field}
        value={written}
        focused
        aria-label={titleOf(t, field)}
        onChange={(next) => {
          latest.current = next;
          write(next);
          if (kind.instant) finish(next);
        }}
      />
    </div>
  );
}
