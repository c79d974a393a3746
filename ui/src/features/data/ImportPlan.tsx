/** What would become of a file: how it is read, where its columns go, and which of its rows are bad. */
import { ArrowLeftOutlined } from "@ant-design/icons";
import { Alert, Button, Flex, Form, Progress, Select, Typography } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { errorText } from "@/api/errors";
import type { Collection } from "@/api/metadata";
import { useImport } from "@/api/mutations/imports";
import { imports, type ImportAsked, type Layout, type Mapping, type Preview } from "@/api/queries/imports";
import { useCollectionRights } from "@/components/collectionRights";
import { Failed, Loading } from "@/components/states";
import { BadRows } from "@/features/data/BadRows";
import { ImportColumns } from "@/features/data/ImportColumns";
import { ImportLayout } from "@/features/data/ImportLayout";
import { importable, mapped, matchable, reassigned } from "@/features/data/mapping";
import { number } from "@/lib/format";
import { titleOf } from "@/schema/titles";

interface Props {
  collection: Collection;
  file: File;
  onBack: () => void;
  onStarted: (job: number) => void;
}

export function ImportPlan({ collection, file, onBack, onStarted }: Props) {
  const [layout, setLayout] = useState<Layout>({});
  const { data, error, isFetching, refetch } = useQuery(imports.preview(collection.name, file, layout));
  const { t } = useTranslation();
  return (
    <Flex vertical gap={16}>
      <Flex gap={8} align="center">
        <Button
          type="text"
          icon={<ArrowLeftOutlined />}
          onClick={onBack}
          aria-label={t("transfer.otherFile")}
        />
        <Typography.Text strong ellipsis>
          {file.name}
        </Typography.Text>
        <Typography.Text type="secondary" style={{ whiteSpace: "nowrap" }}>
          {t("transfer.size", { size: number(file.size / 1024, 0) })}
        </Typography.Text>
      </Flex>
      <ImportLayout found={error ? undefined : data} layout={layout} onChange={setLayout} />
      {error ? (
        <Failed title={t("transfer.unreadable")} error={error} retry={() => void refetch()} />
      ) : data ? (
        <Columns
          key={JSON.stringify(layout)}
          collection={collection}
          file={file}
          layout={layout}
          proposed={data}
          stale={isFetching}
          onStarted={onStarted}
        />
      ) : (
        <Loading />
      )}
    </Flex>
  );
}

interface ColumnsProps extends Omit<Props, "onBack"> {
  layout: Layout;
  proposed: Preview;
  stale: boolean;
}

function Columns({ collection, file, layout, proposed, stale, onStarted }: ColumnsProps) {
  const { t } = useTranslation();
  const rights = useCollectionRights(collection);
  const [chosen, setChosen] = useState<Mapping>({});
  const [match, setMatch] = useState<Pick<ImportAsked, "matchOn" | "existing">>({});
  const fields = importable(collection, rights.fields("import"));
  const mapping = mapped(proposed.columns, chosen);
  const unique = matchable(fields, mapping);
  const matching = unique.some(({ name }) => name === match.matchOn) ? match : {};
  const asked: ImportAsked = { ...layout, columns: mapping, ...matching };
  const checked = useQuery({ ...imports.preview(collection.name, file, asked), enabled: !stale });
  const seen = checked.data ?? proposed;
  return (
    <>
      <ImportColumns
        preview={seen}
        mapping={mapping}
        fields={fields}
        onChange={(header, field) => setChosen(reassigned(mapping, header, field))}
      />
      {unique.length > 0 && (
        <Form layout="vertical">
          <Form.Item label={t("transfer.match")} extra={t("transfer.matchHint")} style={{ marginBottom: 12 }}>
            <Select
              aria-label={t("transfer.match")}
              style={{ width: "100%", maxWidth: 360 }}
              value={matching.matchOn ?? ""}
              onChange={(name: string) => setMatch(name ? { existing: "skip", matchOn: name } : {})}
              options={[
                { value: "", label: t("transfer.matchNone") },
                ...unique.map((field) => ({ value: field.name, label: titleOf(t, field) })),
              ]}
            />
          </Form.Item>
          {matching.matchOn !== undefined && (
            <Form.Item label={t("transfer.existing")} style={{ marginBottom: 0 }}>
              <Select
                aria-label={t("transfer.existing")}
                style={{ width: "100%", maxWidth: 360 }}
                value={matching.existing ?? "skip"}
                onChange={(existing) => setMatch({ ...matching, existing })}
                options={[
                  { value: "skip", label: t("transfer.skip") },
                  {
                    value: "update",
                    label: t("transfer.update"),
                    disabled: !rights.may("update"),
                  },
                ]}
              />
            </Form.Item>
          )}
        </Form>
      )}
      {checked.error ? (
        <Alert type="error" showIcon title={errorText(t, checked.error)} />
      ) : (
        seen.refusal !== null && checked.data && <Alert type="warning" showIcon title={seen.refusal} />
      )}
      {checked.data && seen.rejected > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t("transfer.bad", { count: seen.rejected, of: number(seen.taken) })}
          description={<BadRows rows={seen.errors} collection={collection} />}
        />
      )}
      <Start
        collection={collection}
        file={file}
        asked={asked}
        ready={checked.data?.refusal === null && !checked.isFetching}
        onStarted={onStarted}
      />
    </>
  );
}

interface StartProps extends Omit<Props, "onBack"> {
  asked: ImportAsked;
  ready: boolean;
}

function Start({ collection, file, asked, ready, onStarted }: StartProps) {
  const { t } = useTranslation();
  const [sent, setSent] = useState(0);
  const run = useImport(collection.name);
  const sending = useRef<AbortController>(null);
  useEffect(() => () => sending.current?.abort(), []);
  const start = () => {
    const controller = new AbortController();
    sending.current = controller;
    setSent(0);
    run.mutate(
      { file, asked, onProgress: setSent, signal: controller.signal },
      { onSuccess: (job) => onStarted(job) },
    );
  };
  const broken = run.error && !(run.error instanceof DOMException) ? run.error : null;
  return (
    <Flex vertical gap={12}>
      {broken && <Alert type="error" showIcon title={errorText(t, broken)} />}
      {run.isPending && (
        <div role="status">
          <Typography.Text type="secondary">{t("transfer.sending")}</Typography.Text>
          <Progress percent={Math.round(sent * 100)} status="active" aria-label={t("transfer.sending")} />
        </div>
      )}
      <Flex gap={8}>
        <Button type="primary" disabled={!ready} loading={run.isPending} onClick={start}>
          {t("transfer.start")}
        </Button>
        {run.isPending && <Button onClick={() => sending.current?.abort()}>{t("common.cancel")}</Button>}
      </Flex>
    </Flex>
  );
}
