/** Records as a file: all of them or those of the filter, with all columns or those that are shown. */
import { DownloadOutlined } from "@ant-design/icons";
import { Button, Checkbox, Flex, Form, Modal, Radio, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { address } from "@/api/client";
import { errorText } from "@/api/errors";
import { collectionTitle, type Collection } from "@/api/metadata";
import { records } from "@/api/queries/records";
import { useCollectionRights } from "@/components/collectionRights";
import { TRANSFER, useWorks } from "@/components/plugins";
import { exportQuery, type ExportChoice } from "@/features/data/export-query";
import { number } from "@/lib/format";

interface Props {
  collection: Collection;
  filter?: object | null | undefined;
  sort?: readonly string[] | undefined;
  /** Names of the fields that the table shows. */
  fields: readonly string[];
}

export function ExportButton(props: Props) {
  const { t } = useTranslation();
  const rights = useCollectionRights(props.collection);
  const works = useWorks(TRANSFER);
  const [open, setOpen] = useState(false);
  if (!works || !rights.may("export")) return null;
  return (
    <>
      <Button icon={<DownloadOutlined />} onClick={() => setOpen(true)}>
        {t("transfer.export")}
      </Button>
      <Modal
        open={open}
        onCancel={() => setOpen(false)}
        title={t("transfer.exportTitle", { name: collectionTitle(props.collection) })}
        footer={null}
        destroyOnHidden
        width={480}
      >
        <Choices {...props} onDone={() => setOpen(false)} />
      </Modal>
    </>
  );
}

function Choices({ collection, filter, sort, fields, onDone }: Props & { onDone: () => void }) {
  const { t } = useTranslation();
  const rights = useCollectionRights(collection);
  const filtered = filter !== null && filter !== undefined;
  const [choice, setChoice] = useState<ExportChoice>({
    format: "csv",
    which: filtered ? "filtered" : "all",
    columns: "shown",
    spreadsheet: true,
  });
  const change = (part: Partial<ExportChoice>) => setChoice({ ...choice, ...part });
  const { data, error } = useQuery(
    records.list(collection.name, {
      pageSize: 1,
      ...(collection.filterTargetKey === null ? {} : { fields: [collection.filterTargetKey] }),
      filter: choice.which === "filtered" ? (filter ?? null) : null,
    }),
  );
  const query = exportQuery(collection, choice, { filter, sort, fields }, rights.fields("export"));
  return (
    <Form layout="vertical" style={{ marginTop: 16 }}>
      <Form.Item label={t("transfer.format")}>
        <Radio.Group
          value={choice.format}
          onChange={({ target }) => change({ format: target.value as ExportChoice["format"] })}
          options={[
            { value: "csv", label: t("transfer.csv") },
            { value: "jsonl", label: t("transfer.jsonl") },
          ]}
        />
      </Form.Item>
      {filtered && (
        <Form.Item label={t("transfer.which")}>
          <Radio.Group
            value={choice.which}
            onChange={({ target }) => change({ which: target.value as ExportChoice["which"] })}
            options={[
              { value: "filtered", label: t("transfer.filtered") },
              { value: "all", label: t("transfer.all") },
            ]}
          />
        </Form.Item>
      )}
      <Form.Item label={t("transfer.columns")}>
        <Radio.Group
          value={choice.columns}
          onChange={({ target }) => change({ columns: target.value as ExportChoice["columns"] })}
          options={[
            { value: "shown", label: t("transfer.shownColumns") },
            { value: "all", label: t("transfer.allColumns") },
          ]}
        />
      </Form.Item>
      {choice.format === "csv" && (
        <Form.Item extra={t("transfer.spreadsheetHint")}>
          <Checkbox
            checked={choice.spreadsheet}
            onChange={({ target }) => change({ spreadsheet: target.checked })}
          >
            {t("transfer.spreadsheet")}
          </Checkbox>
        </Form.Item>
      )}
      <Flex justify="space-between" align="center" gap={8} wrap>
        <Typography.Text type={error ? "danger" : "secondary"} role="status">
          {error
            ? errorText(t, error)
            : data?.meta.count !== undefined &&
              t("transfer.records", { count: data.meta.count, number: number(data.meta.count) })}
        </Typography.Text>
        <Button
          type="primary"
          icon={<DownloadOutlined />}
          href={address(`${collection.name}:export`, query)}
          download={`${collection.name}.${choice.format}`}
          onClick={onDone}
          disabled={error !== null}
        >
          {t("transfer.download")}
        </Button>
      </Flex>
    </Form>
  );
}
