/** The records of a page as a table: sorted by its heads, written in its cells, opened by its rows. */
import { ExclamationCircleFilled } from "@ant-design/icons";
import { Table, Tooltip, type TableProps } from "antd";
import { useEffect, useRef, type KeyboardEvent, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { collectionTitle, keyOf, type Collection, type Key, type Row } from "@/api/metadata";
import type { CollectionRights } from "@/components/collectionRights";
import { CellEditor, type EditorHandle } from "@/features/data/CellEditor";
import type { Column, Density } from "@/features/data/columns";
import { HeadCell } from "@/features/data/HeadCell";
import type { SortBy } from "@/features/data/sorting";
import { step } from "@/features/data/steps";
import { useInlineEdit, type InlineEdit } from "@/features/data/useInlineEdit";
import { isWritten } from "@/schema/registry";
import styles from "@/features/data/Data.module.css";

interface Props {
  collection: Collection;
  columns: readonly Column[];
  rows: Row[];
  sort: readonly SortBy[];
  density: Density;
  rights: CollectionRights;
  /** Older rows are shown while newer ones are read. */
  waiting: boolean;
  selected: readonly Key[];
  /** The record that is open. */
  opened: Key | undefined;
  onSelect: ((keys: Key[]) => void) | null;
  onSort: (path: string, more: boolean) => void;
  onWidth: (field: string, width: number) => void;
  onOpen: (of: Key) => void;
}

/** What is told at a cell lies over the table, and below the bar of the page and what opens over it. */
const BELOW_BAR = 9;

/** A second click within this time writes in the cell instead of opening the record. */
const DOUBLE_CLICK_MS = 220;

export function RecordsTable(props: Props) {
  const { t } = useTranslation();
  const { collection, columns, rows, sort, density, selected, onSelect } = props;
  const edit = useInlineEdit(collection);
  const editor = useRef<EditorHandle>(null);
  const click = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => () => clearTimeout(click.current), []);
  const open = (of: Key) => {
    if (!window.getSelection()?.toString()) props.onOpen(of);
  };
  const cell = (column: Column, row: Row, first: boolean) => {
    const of = keyOf(collection, row);
    if (of === null) return {};
    const name = column.field.name;
    const writable = mayWrite(props.rights, column, row);
    return {
      tabIndex: first ? 0 : -1,
      onClick: () => {
        if (edit.isOpen(of, name)) return;
        clearTimeout(click.current);
        click.current = setTimeout(() => open(of), writable ? DOUBLE_CLICK_MS : 0);
      },
      onDoubleClick: () => {
        clearTimeout(click.current);
        if (writable) edit.open(of, name);
      },
      onKeyDown: (event: KeyboardEvent<HTMLElement>) =>
        press(event, {
          writing: edit.isOpen(of, name) ? editor.current : null,
          lines: column.kind.lines === true,
          enter: () => (writable ? edit.open(of, name) : props.onOpen(of)),
          open: () => props.onOpen(of),
          escape: edit.cancel,
        }),
    };
  };
  const tableColumns: TableProps<Row>["columns"] = columns.map((column) => ({
    key: column.field.name,
    width: column.width,
    align: column.kind.align ?? "start",
    title: (
      <HeadCell
        column={column}
        sort={sort}
        onSort={props.onSort}
        onWidth={(width) => props.onWidth(column.field.name, width)}
      />
    ),
    onHeaderCell: () => ({ "aria-sort": direction(sort, column) }),
    onCell: (row: Row, index?: number) => cell(column, row, index === 0 && column === columns[0]),
    render: (_: unknown, row: Row) => <Content {...{ collection, column, row, edit, editor }} />,
  }));
  return (
    <Table<Row>
      className={styles["table"] ?? ""}
      aria-label={t("data.tableOf", { title: collectionTitle(collection) })}
      size={density}
      tableLayout="fixed"
      sticky={{ offsetHeader: 52 }}
      scroll={{ x: columns.reduce((sum, { width }) => sum + width, 48) }}
      pagination={false}
      columns={tableColumns}
      dataSource={rows}
      rowKey={(row) => keyOf(collection, row) ?? JSON.stringify(row)}
      rowClassName={(row) =>
        `${styles["row"] ?? ""} ${props.opened !== undefined && String(keyOf(collection, row)) === String(props.opened) ? (styles["opened"] ?? "") : ""}`
      }
      loading={props.waiting ? { delay: 400 } : false}
      {...(onSelect
        ? {
            rowSelection: {
              columnWidth: 48,
              preserveSelectedRowKeys: true,
              selectedRowKeys: [...selected],
              onChange: (keys) => onSelect(keys.filter((key) => typeof key !== "bigint")),
              getCheckboxProps: (row) => ({
                "aria-label": t("data.selectRow", { key: keyOf(collection, row) ?? "" }),
              }),
            },
          }
        : {})}
    />
  );
}

function direction(sort: readonly SortBy[], column: Column): "ascending" | "descending" | undefined {
  const by = column.sort === null ? undefined : sort.find(({ path }) => path === column.sort);
  return by && (by.down ? "descending" : "ascending");
}

const mayWrite = (rights: CollectionRights, column: Column, row: Row): boolean =>
  isWritten(column.field) && rights.mayOn("update", row) && rights.mayField("update", column.field.name);

interface Pressed {
  writing: EditorHandle | null;
  lines: boolean;
  enter: () => void;
  open: () => void;
  escape: () => void;
}

/** Enter writes and stores, Escape goes back, arrows go from cell to cell, the space bar opens the record. */
function press(event: KeyboardEvent<HTMLElement>, { writing, lines, enter, open, escape }: Pressed) {
  if (event.key === "Escape") {
    if (writing) event.stopPropagation();
    escape();
  } else if (writing) {
    if (event.key === "Enter" && (!lines || event.ctrlKey || event.metaKey)) writing.commit();
  } else if (event.target !== event.currentTarget) {
    return;
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    if (event.key === "Enter") enter();
    else open();
  } else step(event);
}

interface ContentProps {
  collection: Collection;
  column: Column;
  row: Row;
  edit: InlineEdit;
  editor: RefObject<EditorHandle | null>;
}

function Content({ collection, column: { field, kind }, row, edit, editor }: ContentProps) {
  const of = keyOf(collection, row);
  const value = row[field.name];
  const refused = of === null ? undefined : edit.refused(of, field.name);
  if (of !== null && edit.isOpen(of, field.name)) {
    return (
      <CellEditor
        ref={editor}
        field={field}
        value={refused ? refused.value : value}
        onStore={(next) => edit.store(of, field.name, next)}
        onCancel={edit.cancel}
      />
    );
  }
  const shown = value === null || value === undefined ? null : <kind.Cell value={value} field={field} />;
  if (!refused) return shown;
  return (
    <Tooltip open title={refused.message} color="#b91c1c" placement="bottomLeft" zIndex={BELOW_BAR}>
      <span className={styles["refused"]}>
        <ExclamationCircleFilled aria-label={refused.message} />
        {shown}
      </span>
    </Tooltip>
  );
}
