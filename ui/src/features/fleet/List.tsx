/** One page of applications: a table, or cards where it is narrow. */
import { ConfigProvider, Grid, Pagination, Table } from "antd";
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Application } from "@/api/fleet";
import { Cards } from "@/features/fleet/Cards";
import { columns } from "@/features/fleet/columns";
import { PAGE_SIZES, SORT, SORT_DELETED } from "@/features/fleet/search";
import { useDeeds } from "@/features/fleet/useDeeds";
import styles from "@/features/fleet/fleet.module.css";

/** Two lines of text fit into a row of 44 px; a column that sorts is told by its arrow alone. */
const DENSE = {
  components: {
    Table: { cellPaddingBlockSM: 4, bodySortBg: "transparent" },
  },
};

interface Props {
  rows: Application[];
  count: number;
  page: number;
  size: number;
  /** As in the address; nothing: as usual. */
  sort: string | undefined;
  deleted: boolean;
  chosen: string[];
  choose: (names: string[]) => void;
  go: (changes: Record<string, unknown>) => void;
  /** In place of rows where there are none. */
  nothing: ReactNode;
}

/** Made anew only when what it shows changes, and not with every key stroke of the search above it. */
export const List = memo(function List({
  rows,
  count,
  page,
  size,
  sort,
  deleted,
  chosen,
  choose,
  go,
  nothing,
}: Props) {
  const { t } = useTranslation();
  const wide = Grid.useBreakpoint().md ?? true;
  const deeds = useDeeds();
  const pages = (
    <Pagination
      className={styles["pages"] ?? ""}
      align="end"
      size="small"
      current={page}
      pageSize={size}
      total={count}
      showTotal={(total) => t("common.total", { count: total })}
      showSizeChanger={wide}
      pageSizeOptions={[...PAGE_SIZES]}
      simple={!wide}
      onChange={(to, chosenSize) => go({ page: chosenSize === size ? to : 1, size: chosenSize })}
    />
  );
  if (!wide) {
    return (
      <>
        {rows.length === 0 ? nothing : <Cards rows={rows} deeds={deeds} chosen={chosen} choose={choose} />}
        {count > size && pages}
        {deeds.dialog}
      </>
    );
  }
  return (
    <div className={styles["box"]}>
      <ConfigProvider theme={DENSE}>
        <Table<Application>
          aria-label={t("fleet.applications")}
          rowKey="name"
          size="small"
          columns={columns({
            t,
            deeds,
            deleted,
            sort: sort ?? (deleted ? SORT_DELETED : SORT),
          })}
          dataSource={rows}
          pagination={false}
          tableLayout="fixed"
          scroll={{ x: 1140 }}
          locale={{ emptyText: nothing }}
          rowSelection={{
            selectedRowKeys: chosen,
            preserveSelectedRowKeys: true,
            onChange: (keys) => choose(keys.map(String)),
            getTitleCheckboxProps: () => ({ "aria-label": t("fleet.chooseAll") }),
            getCheckboxProps: ({ displayName, name }) => ({
              "aria-label": t("fleet.choose", { name: displayName ?? name }),
            }),
          }}
          onChange={(_, __, sorter) => {
            const { columnKey, order } = Array.isArray(sorter) ? (sorter[0] ?? {}) : sorter;
            go({
              sort: order ? `${order === "descend" ? "-" : ""}${String(columnKey)}` : undefined,
              page: 1,
            });
          }}
        />
      </ConfigProvider>
      {rows.length > 0 && pages}
      {deeds.dialog}
    </div>
  );
});
