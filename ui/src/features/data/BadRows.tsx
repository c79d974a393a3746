/** Rows of a file that are not brought in, and why. */
import { Table } from "antd";
import { useTranslation } from "react-i18next";
import { fieldOf, type Collection } from "@/api/metadata";
import type { BadRow } from "@/api/queries/imports";
import { titleOf } from "@/schema/titles";

interface Props {
  rows: readonly BadRow[];
  collection: Collection;
}

export function BadRows({ rows, collection }: Props) {
  const { t } = useTranslation();
  const named = (name: string | null): string => {
    const field = name === null ? undefined : fieldOf(collection, name);
    return field ? titleOf(t, field) : (name ?? "");
  };
  return (
    <Table<BadRow>
      rowKey={({ line, field }) => `${line} ${field ?? ""}`}
      size="small"
      dataSource={rows}
      pagination={{ pageSize: 5, hideOnSinglePage: true, showSizeChanger: false }}
      scroll={{ x: 320 }}
      columns={[
        { title: t("transfer.line"), dataIndex: "line", width: 80 },
        { title: t("transfer.field"), dataIndex: "field", width: 140, render: named },
        { title: t("transfer.reason"), dataIndex: "reason" },
      ]}
    />
  );
}
