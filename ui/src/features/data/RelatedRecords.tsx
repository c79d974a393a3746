/** The records that a relation of one record holds: by pages, linked, made in place, unlinked, opened. */
import { DisconnectOutlined, LinkOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Flex, Popconfirm, Table, Tooltip, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useLive } from "@/api/live";
import { collectionTitle, keyOf, type Collection, type Field, type Key, type Row } from "@/api/metadata";
import { useLink } from "@/api/mutations/relations";
import { records, through } from "@/api/queries/records";
import { useCollection } from "@/components/collections";
import { useCollectionRights } from "@/components/collectionRights";
import { Failed } from "@/components/states";
import { useTold } from "@/components/told";
import { useLastPage } from "@/components/useLastPage";
import { useOpen } from "@/features/data/opening";
import { PickRecords } from "@/features/data/PickRecords";
import { briefColumns, briefFields } from "@/features/data/brief";
import { NEW } from "@/features/data/which";
import { number } from "@/lib/format";
import { labelOf } from "@/schema/kinds/relation";
import { titleOf } from "@/schema/titles";

interface Props {
  collection: Collection;
  record: Key;
  field: Field;
}

export function RelatedRecords(props: Props) {
  const target = useCollection(props.field.target);
  if (!target) return null;
  return <Linked {...props} target={target} />;
}

const PAGE_SIZE = 5;

function Linked({ collection, record, field, target }: Props & { target: Collection }) {
  const { t } = useTranslation();
  const rights = useCollectionRights(collection);
  const theirs = useCollectionRights(target);
  const told = useTold();
  const open = useOpen();
  const [page, setPage] = useState(1);
  const [picking, setPicking] = useState(false);
  const link = useLink({
    collection: collection.name,
    of: record,
    relation: field.name,
    target: target.name,
  });
  useLive(`records:${target.name}`, records.of(target.name));
  const fields = briefFields(target, field);
  const asked = { page, pageSize: PAGE_SIZE, fields: fields.map(({ name }) => name) };
  const found = useQuery({
    ...records.related(collection.name, record, field.name, target.name, asked),
    placeholderData: keepPreviousData,
  });
  const { data, error, isFetching, refetch } = found;
  useLastPage(found, page, PAGE_SIZE, setPage);
  const mayLink = rights.may("update") && rights.mayField("update", field.name);
  const title = titleOf(t, field);
  const unlink = (row: Row) => {
    const key = keyOf(target, row);
    if (key !== null) link.mutate({ verb: "remove", keys: [key] }, { onError: told.failed });
  };
  if (error && !data) return <Failed error={error} retry={() => void refetch()} />;
  const total = data?.meta.count ?? 0;
  return (
    <section aria-label={title}>
      <Flex justify="space-between" align="center" gap={8} wrap style={{ marginBottom: 8 }}>
        <Typography.Text strong>
          {title} <Typography.Text type="secondary">{number(total)}</Typography.Text>
        </Typography.Text>
        <Flex gap={4}>
          {mayLink && (
            <Button size="small" icon={<LinkOutlined />} onClick={() => setPicking(true)}>
              {t("record.link")}
            </Button>
          )}
          {mayLink && target.from !== "code" && theirs.may("create") && (
            <Button
              size="small"
              icon={<PlusOutlined />}
              onClick={() =>
                open({
                  collection: target.name,
                  record: NEW,
                  at: through(collection.name, record, field.name),
                  onSaved: () => setPage(1),
                })
              }
            >
              {t("common.create")}
            </Button>
          )}
        </Flex>
      </Flex>
      <Table<Row>
        size="small"
        rowKey={(row) => keyOf(target, row) ?? JSON.stringify(row)}
        loading={isFetching && data === undefined}
        dataSource={data?.rows ?? []}
        locale={{ emptyText: t("record.noneLinked") }}
        scroll={{ x: "max-content" }}
        pagination={{
          current: page,
          pageSize: PAGE_SIZE,
          total,
          hideOnSinglePage: true,
          showSizeChanger: false,
          size: "small",
          onChange: setPage,
        }}
        columns={[
          ...briefColumns(t, fields, (row) => {
            const key = keyOf(target, row);
            if (key !== null) open({ collection: target.name, record: key });
          }),
          ...(mayLink
            ? [
                {
                  key: "unlink",
                  width: 40,
                  align: "end" as const,
                  render: (_: unknown, row: Row) => (
                    <Popconfirm
                      title={t("record.unlinkTitle", { name: labelOf(target, row) })}
                      description={t("record.unlinkHint")}
                      okText={t("record.unlink")}
                      cancelText={t("common.cancel")}
                      onConfirm={() => unlink(row)}
                    >
                      {/* Beside the button: above it stands the question. */}
                      <Tooltip title={t("record.unlink")} placement="left">
                        <Button
                          type="text"
                          size="small"
                          icon={<DisconnectOutlined />}
                          aria-label={t("record.unlinkOf", { name: labelOf(target, row) })}
                        />
                      </Tooltip>
                    </Popconfirm>
                  ),
                },
              ]
            : []),
        ]}
      />
      <PickRecords
        open={picking}
        title={t("record.linkTitle", { name: collectionTitle(target) })}
        collection={collection}
        record={record}
        field={field}
        target={target}
        busy={link.isPending}
        onClose={() => setPicking(false)}
        onPicked={(keys) =>
          link.mutate({ verb: "add", keys }, { onSuccess: () => setPicking(false), onError: told.failed })
        }
      />
    </section>
  );
}
