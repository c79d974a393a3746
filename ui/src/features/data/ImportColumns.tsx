/** The columns of a file: what stands in them, and which field each goes to. */
import { Select, Table, Tag, Typography } from "antd";
import { useTranslation } from "react-i18next";
import type { Field } from "@/api/metadata";
import type { Mapping, Preview, PreviewColumn } from "@/api/queries/imports";
import { titleOf } from "@/schema/titles";

interface Props {
  preview: Preview;
  mapping: Mapping;
  fields: readonly Field[];
  onChange: (header: string, field: string | null) => void;
}

/** So many values of a column are shown. */
const EXAMPLES = 3;

interface Line extends PreviewColumn {
  examples: string[];
}

export function ImportColumns({ preview, mapping, fields, onChange }: Props) {
  const { t } = useTranslation();
  const lines: Line[] = preview.columns.map((column, position) => ({
    ...column,
    examples: preview.rows
      .map((row) => row[position] ?? "")
      .filter((cell) => cell !== "")
      .slice(0, EXAMPLES),
  }));
  const options = [
    { value: "", label: t("transfer.leaveOut") },
    ...fields.map((field) => ({ value: field.name, label: titleOf(t, field) })),
  ];
  return (
    <Table<Line>
      rowKey="header"
      size="small"
      pagination={false}
      dataSource={lines}
      scroll={{ x: 320 }}
      aria-label={t("transfer.columnsHint")}
      columns={[
        {
          title: t("transfer.column"),
          dataIndex: "header",
          render: (header: string, { type }) => (
            <>
              <Typography.Text strong>{header}</Typography.Text> <Tag>{type}</Tag>
            </>
          ),
        },
        {
          title: t("transfer.examples"),
          dataIndex: "examples",
          ellipsis: true,
          responsive: ["sm"],
          render: (examples: string[]) => (
            <Typography.Text type="secondary">{examples.join(" · ")}</Typography.Text>
          ),
        },
        {
          title: t("transfer.field"),
          width: "40%",
          render: (_, { header }) => (
            <Select
              aria-label={t("transfer.fieldOf", { name: header })}
              showSearch={{ optionFilterProp: "label" }}
              style={{ width: "100%" }}
              value={mapping[header] ?? ""}
              onChange={(name: string) => onChange(header, name || null)}
              options={options}
            />
          ),
        },
      ]}
    />
  );
}
