/** The job of an import, and what it has done so far. */
import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, Flex, Statistic, Typography } from "antd";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Collection } from "@/api/metadata";
import { isUnderWay, jobs } from "@/api/queries/jobs";
import { records } from "@/api/queries/records";
import type { Tally } from "@/api/queries/imports";
import { JobProgress } from "@/components/JobProgress";
import { BadRows } from "@/features/data/BadRows";
import { csv, saveText } from "@/lib/download";
import { number } from "@/lib/format";

interface Props {
  collection: Collection;
  /** Name of the file. */
  file: string;
  job: number;
  onAnother: () => void;
  onClose: () => void;
}

export function ImportResult({ collection, file, job: id, onAnother, onClose }: Props) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { data: job } = useQuery(jobs.get(id));
  const step = job?.steps[0];
  const tally = (step?.result ?? step?.state ?? null) as Tally | null;
  const busy = job === undefined || isUnderWay(job.status);
  const name = collection.name;
  useEffect(() => {
    if (!busy) void client.invalidateQueries({ queryKey: records.of(name) });
  }, [busy, client, name]);
  return (
    <Flex vertical gap={24}>
      {busy && <Alert type="info" showIcon title={t("transfer.goesOn")} />}
      {tally && <Figures tally={tally} />}
      <JobProgress id={id} />
      {tally && tally.errors.length > 0 && (
        <Flex vertical gap={8}>
          <Flex justify="space-between" align="center" gap={8} wrap>
            <Typography.Text strong>{t("transfer.rejectedRows")}</Typography.Text>
            <Button icon={<DownloadOutlined />} onClick={() => saveErrors(file, tally)}>
              {t("transfer.saveErrors")}
            </Button>
          </Flex>
          <BadRows rows={tally.errors} collection={collection} />
        </Flex>
      )}
      <Flex gap={8}>
        <Button type={busy ? "default" : "primary"} onClick={onClose}>
          {t("common.close")}
        </Button>
        {!busy && <Button onClick={onAnother}>{t("transfer.another")}</Button>}
      </Flex>
    </Flex>
  );
}

const saveErrors = (file: string, { errors }: Tally) =>
  saveText(
    `${file.replace(/\.\w+$/, "")}-errors.csv`,
    csv([["line", "field", "reason"], ...errors.map(({ line, field, reason }) => [line, field, reason])]),
  );

function Figures({ tally }: { tally: Tally }) {
  const { t } = useTranslation();
  const shown = (["imported", "updated", "skipped", "empty", "rejected"] as const).filter(
    (name) => name === "imported" || tally[name] > 0,
  );
  return (
    <Flex gap={32} wrap role="status">
      {shown.map((name) => (
        <Statistic key={name} title={t(`transfer.${name}`)} value={number(tally[name])} />
      ))}
    </Flex>
  );
}
