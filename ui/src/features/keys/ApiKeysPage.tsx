/** Keys for programs: one's own, each in one of one's roles, shown once. */
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { App, Button, Table, Tag, Typography, type TableColumnsType } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useDestroyApiKey } from "@/api/mutations/administration";
import { apiKeys, type ApiKey } from "@/api/queries/administration";
import { session } from "@/api/queries/session";
import { Page } from "@/components/Page";
import { Failed, Nothing } from "@/components/states";
import { useTold } from "@/components/told";
import { useLastPage } from "@/components/useLastPage";
import { KeyModal } from "@/features/keys/KeyModal";
import { day, moment } from "@/lib/format";

function useColumns(): TableColumnsType<ApiKey> {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const told = useTold();
  const destroy = useDestroyApiKey();
  const { data: user } = useSuspenseQuery(session.user());
  const remove = ({ id, name }: ApiKey) =>
    void modal.confirm({
      title: t("keys.deleteTitle", { name }),
      content: t("keys.deleteHint"),
      okText: t("common.delete"),
      okButtonProps: { danger: true },
      cancelText: t("common.cancel"),
      onOk: () =>
        destroy
          .mutateAsync(id)
          .then(() => told.done(t("keys.deleted", { name })))
          .catch(told.failed),
    });
  return [
    { key: "name", title: t("common.name"), dataIndex: "name" },
    {
      key: "role",
      title: t("keys.role"),
      render: (_, { roleName }) => (
        <Tag>{user.roles.find(({ name }) => name === roleName)?.title ?? roleName}</Tag>
      ),
    },
    {
      key: "expires",
      title: t("keys.expires"),
      render: (_, { expiresAt }) => {
        if (expiresAt === null) return t("keys.never");
        const over = new Date(expiresAt).getTime() < new Date().getTime();
        return (
          <span title={moment(expiresAt)}>
            {over ? t("keys.over", { day: day(expiresAt) }) : day(expiresAt)}
          </span>
        );
      },
    },
    {
      key: "created",
      title: t("common.created"),
      responsive: ["md"],
      render: (_, { createdAt }) => <span title={moment(createdAt)}>{day(createdAt)}</span>,
    },
    {
      key: "actions",
      title: t("common.actions"),
      width: 72,
      render: (_, key) => (
        <Button
          type="text"
          danger
          icon={<DeleteOutlined />}
          aria-label={t("keys.deleteOne", { name: key.name })}
          onClick={() => remove(key)}
        />
      ),
    },
  ];
}

const PAGE_SIZE = 20;

export default function ApiKeysPage() {
  const { t } = useTranslation();
  const [page, setPage] = useState(1);
  const [adding, setAdding] = useState(false);
  const found = useQuery(apiKeys.list(page));
  useLastPage(found, page, PAGE_SIZE, setPage);
  const columns = useColumns();
  const add = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
      {t("keys.add")}
    </Button>
  );
  return (
    <Page title={t("keys.title")} hint={t("keys.hint")} actions={add}>
      {found.error && !found.data ? (
        <Failed error={found.error} retry={() => void found.refetch()} />
      ) : (
        <Table<ApiKey>
          rowKey="id"
          size="small"
          aria-label={t("keys.title")}
          columns={columns}
          dataSource={found.data?.rows ?? []}
          loading={found.isPending}
          scroll={{ x: "max-content" }}
          locale={{ emptyText: <Nothing title={t("keys.none")} hint={t("keys.noneHint")} /> }}
          pagination={{
            current: page,
            pageSize: PAGE_SIZE,
            total: found.data?.meta.count ?? 0,
            hideOnSinglePage: true,
            onChange: setPage,
          }}
        />
      )}
      <Typography.Paragraph type="secondary" style={{ marginTop: 16 }}>
        {t("keys.usage")} <Typography.Text code>{"Authorization: Bearer …"}</Typography.Text>
      </Typography.Paragraph>
      <KeyModal open={adding} onClose={() => setAdding(false)} />
    </Page>
  );
}
