/** The head of a column: its title sorts, its edge sets the width. */
import { CaretDownOutlined, CaretUpOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import type { KeyboardEvent, PointerEvent } from "react";
import { LEAST_WIDTH, type Column } from "@/features/data/columns";
import type { SortBy } from "@/features/data/sorting";
import { titleOf } from "@/schema/titles";
import styles from "@/features/data/Data.module.css";

const KEY_STEP = 16;

interface Props {
  column: Column;
  sort: readonly SortBy[];
  onSort: (path: string, more: boolean) => void;
  onWidth: (width: number) => void;
}

export function HeadCell({ column, sort, onSort, onWidth }: Props) {
  const { t } = useTranslation();
  const title = titleOf(t, column.field);
  const at = sort.findIndex(({ path }) => path === column.sort);
  const by = sort[at];
  return (
    <div className={`${styles["head"] ?? ""} ${column.kind.align === "end" ? (styles["end"] ?? "") : ""}`}>
      {column.sort === null ? (
        <span className={styles["title"]}>{title}</span>
      ) : (
        <button
          type="button"
          className={styles["sort"]}
          title={t("data.sortHint")}
          onClick={(event) => onSort(column.sort ?? "", event.shiftKey)}
        >
          <span className={styles["title"]}>{title}</span>
          {by && (by.down ? <CaretDownOutlined aria-hidden /> : <CaretUpOutlined aria-hidden />)}
          {by && sort.length > 1 && <span className={styles["rank"]}>{at + 1}</span>}
        </button>
      )}
      <Edge title={title} width={column.width} onWidth={onWidth} />
    </div>
  );
}

function Edge({ title, width, onWidth }: { title: string; width: number; onWidth: (width: number) => void }) {
  const { t } = useTranslation();
  const set = (next: number) => onWidth(Math.max(LEAST_WIDTH, Math.round(next)));
  const drag = (event: PointerEvent<HTMLButtonElement>) => {
    event.preventDefault();
    const { currentTarget: edge, clientX: start, pointerId } = event;
    edge.setPointerCapture(pointerId);
    const move = (moved: globalThis.PointerEvent) => set(width + moved.clientX - start);
    edge.addEventListener("pointermove", move);
    edge.addEventListener("lostpointercapture", () => edge.removeEventListener("pointermove", move), {
      once: true,
    });
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") set(width - KEY_STEP);
    else if (event.key === "ArrowRight") set(width + KEY_STEP);
  };
  return (
    <button
      type="button"
      className={styles["edge"]}
      aria-label={t("data.widthOf", { title, width })}
      onPointerDown={drag}
      onKeyDown={press}
    />
  );
}
