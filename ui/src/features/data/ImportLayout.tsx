/** How a file is written, where the server does not find it, or finds it wrongly. */
import { Flex, Form, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Layout, Preview } from "@/api/queries/imports";

const ENCODINGS = ["utf-8", "windows-1252", "iso-8859-15", "windows-1251", "gb18030", "shift_jis", "utf-16"];

interface Props {
  /** What the server has found; nothing while it could not read the file. */
  found: Preview | undefined;
  layout: Layout;
  onChange: (layout: Layout) => void;
}

export function ImportLayout({ found, layout, onChange }: Props) {
  const { t } = useTranslation();
  const ambiguous = found?.columns.some((column) => column.ambiguous) ?? false;
  const encodings = [...new Set([...ENCODINGS, ...(found ? [found.encoding] : [])])];
  const separators = [
    { value: ",", label: t("transfer.comma") },
    { value: ";", label: t("transfer.semicolon") },
    { value: "\t", label: t("transfer.tab") },
    { value: "|", label: t("transfer.bar") },
  ];
  return (
    <Form layout="vertical">
      <Flex gap={12} wrap>
        <Form.Item label={t("transfer.separator")} style={{ marginBottom: 0, flex: "1 1 140px" }}>
          <Select
            aria-label={t("transfer.separator")}
            value={layout.delimiter ?? found?.delimiter ?? null}
            onChange={(delimiter: string | null) =>
              onChange({ ...layout, delimiter: delimiter ?? undefined })
            }
            options={separators}
          />
        </Form.Item>
        <Form.Item label={t("transfer.encoding")} style={{ marginBottom: 0, flex: "1 1 160px" }}>
          <Select
            aria-label={t("transfer.encoding")}
            showSearch
            value={layout.encoding ?? found?.encoding ?? null}
            onChange={(encoding: string | null) => onChange({ ...layout, encoding: encoding ?? undefined })}
            options={encodings.map((value) => ({ value, label: value.toUpperCase() }))}
          />
        </Form.Item>
        {(ambiguous || layout.dateOrder !== undefined) && (
          <Form.Item
            label={t("transfer.days")}
            {...(ambiguous ? { validateStatus: "warning" as const } : {})}
            style={{ marginBottom: 0, flex: "1 1 180px" }}
          >
            <Select
              aria-label={t("transfer.days")}
              placeholder={t("transfer.daysChoose")}
              value={layout.dateOrder ?? null}
              onChange={(dateOrder: Layout["dateOrder"] | null) =>
                onChange({ ...layout, dateOrder: dateOrder ?? undefined })
              }
              options={[
                { value: "dmy", label: t("transfer.dmy") },
                { value: "mdy", label: t("transfer.mdy") },
              ]}
            />
          </Form.Item>
        )}
      </Flex>
    </Form>
  );
}
