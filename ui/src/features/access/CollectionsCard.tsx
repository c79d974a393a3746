/** What a role may do on each collection: as everywhere, or as set here. */
import { Card, Flex, Table, Tag, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { roles, scopes, type Role, type RoleResource, type Scope } from "@/api/queries/access";
import { collectionTitle, type Collection } from "@/api/metadata";
import { collections } from "@/api/queries/collections";
import { Failed, Loading, Nothing } from "@/components/states";
import { TextButton } from "@/components/TextButton";
import { CollectionDrawer } from "@/features/access/CollectionDrawer";
import { ACTIONS, permissionsOf, strategyOf } from "@/features/access/permissions";

interface ListProps {
  role: Role;
  known: Collection[];
  stored: RoleResource[];
  all: Scope[];
}

function Listed({ role, known, stored, all }: ListProps) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState<string | null>(null);
  const strategy = strategyOf(role.strategy?.actions);
  const numbers = new Map(all.flatMap(({ id, key }) => (key ? [[key, id] as const] : [])));
  const rows = known.filter(({ from }) => from !== "code");
  const of = (name: string) => stored.find((item) => item.name === name);
  const shown = rows.find(({ name }) => name === opened);
  return (
    <>
      <Table<Collection>
        rowKey="name"
        size="small"
        aria-label={t("access.collectionsTitle")}
        dataSource={rows}
        pagination={rows.length > 20 ? { pageSize: 20 } : false}
        locale={{
          emptyText: <Nothing title={t("access.noCollections")} hint={t("access.noCollectionsHint")} />,
        }}
        columns={[
          {
            key: "title",
            title: t("access.collection"),
            render: (_, collection) => (
              <Flex vertical align="flex-start">
                <TextButton onClick={() => setOpened(collection.name)}>
                  {collectionTitle(collection)}
                </TextButton>
                <Typography.Text type="secondary">
                  {of(collection.name)?.usingActionsConfig
                    ? t("access.ownSetting")
                    : t("access.generalSetting")}
                </Typography.Text>
              </Flex>
            ),
          },
          {
            key: "actions",
            title: t("access.may"),
            render: (_, collection) => {
              const permissions = permissionsOf(of(collection.name), strategy, numbers);
              const allowed = ACTIONS.filter((action) => permissions[action].allowed);
              return (
                <Flex gap={4} wrap>
                  {allowed.length === 0 && t("common.none")}
                  {allowed.map((action) => {
                    const { scope, fields } = permissions[action];
                    const limited = scope !== "all" || fields.length > 0;
                    return (
                      <Tag key={action}>
                        {limited
                          ? t("access.limited", { action: t(`access.action.${action}`) })
                          : t(`access.action.${action}`)}
                      </Tag>
                    );
                  })}
                </Flex>
              );
            },
          },
        ]}
      />
      {shown && (
        <CollectionDrawer
          key={shown.name}
          role={role.name}
          collection={shown}
          stored={of(shown.name)}
          begun={permissionsOf(of(shown.name), strategy, numbers)}
          scopes={all}
          onClose={() => setOpened(null)}
        />
      )}
    </>
  );
}

export function CollectionsCard({ role }: { role: Role }) {
  const { t } = useTranslation();
  const known = useQuery(collections.meta());
  const stored = useQuery(roles.resources(role.name));
  const all = useQuery(scopes.list());
  const parts = [known, stored, all];
  const error = parts.map((part) => part.error).find(Boolean);
  const retry = () => parts.forEach((part) => void (part.error && part.refetch()));
  return (
    <Card title={t("access.collectionsTitle")}>
      <Typography.Paragraph type="secondary">{t("access.collectionsHint")}</Typography.Paragraph>
      {known.data && stored.data && all.data ? (
        <Listed role={role} known={known.data} stored={stored.data} all={all.data} />
      ) : error ? (
        <Failed error={error} retry={retry} />
      ) : (
        <Loading />
      )}
    </Card>
  );
}
