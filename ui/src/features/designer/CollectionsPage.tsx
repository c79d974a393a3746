/** All collections of the application: make one, open one, drop one. */
import { DeleteOutlined, EditOutlined, MoreOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Dropdown, Flex, Table, Tag, Typography, type TableColumnsType } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { collectionTitle, type Collection } from "@/api/metadata";
import { collections } from "@/api/queries/collections";
import { Page } from "@/components/Page";
import { SearchInput } from "@/components/SearchInput";
import { Nothing, Shown } from "@/components/states";
import { CollectionForm } from "@/features/designer/CollectionForm";
import { DropCollection } from "@/features/designer/Drop";

/** Rows of one page: hundreds at once keep a browser busy for seconds. */
const PAGE_SIZE = 50;

const isOwn = (collection: Collection): boolean => collection.from !== "code";

function useColumns(act: { edit: (of: Collection) => void; drop: (of: Collection) => void }) {
  const { t } = useTranslation();
  const columns: TableColumnsType<Collection> = [
    {
      key: "title",
      title: t("designer.collection"),
      render: (_, row) => (
        <Flex vertical>
          <Link to="/settings/collections/$name" params={{ name: row.name }}>
            {collectionTitle(row)}
          </Link>
          <Typography.Text type="secondary" code={false}>
            {row.name}
          </Typography.Text>
        </Flex>
      ),
    },
    {
      key: "description",
      title: t("common.description"),
      responsive: ["lg"],
      render: (_, row) => <Typography.Text type="secondary">{row.description}</Typography.Text>,
    },
    {
      key: "fields",
      title: t("designer.fields"),
      align: "right",
      responsive: ["sm"],
      render: (_, row) => row.fields.length,
    },
    {
      key: "from",
      title: t("designer.origin"),
      responsive: ["md"],
      render: (_, row) =>
        isOwn(row) ? (
          row.template === "tree" && <Tag>{t("designer.tree")}</Tag>
        ) : (
          <Tag>{t("designer.builtIn")}</Tag>
        ),
    },
    {
      key: "actions",
      title: <span className="visually-hidden">{t("common.actions")}</span>,
      align: "right",
      width: 64,
      render: (_, row) =>
        isOwn(row) && (
          <Dropdown
            trigger={["click"]}
            menu={{
              items: [
                {
                  key: "edit",
                  icon: <EditOutlined />,
                  label: t("common.edit"),
                  onClick: () => act.edit(row),
                },
                { type: "divider" as const },
                {
                  key: "drop",
                  icon: <DeleteOutlined />,
                  danger: true,
                  label: t("designer.drop"),
                  onClick: () => act.drop(row),
                },
              ],
            }}
          >
            <Button
              type="text"
              icon={<MoreOutlined />}
              aria-label={t("designer.actionsOf", { name: collectionTitle(row) })}
            />
          </Dropdown>
        ),
    },
  ];
  return columns;
}

export default function CollectionsPage() {
  const { t } = useTranslation();
  const query = useQuery(collections.meta());
  const [search, setSearch] = useState("");
  const [making, setMaking] = useState(false);
  const [edited, setEdited] = useState<Collection | null>(null);
  const [dropped, setDropped] = useState<Collection | null>(null);
  const columns = useColumns({ edit: setEdited, drop: setDropped });
  const wanted = search.trim().toLocaleLowerCase();
  const rows = useMemo(
    () =>
      (query.data ?? [])
        .filter((collection) => !collection.hidden)
        .filter((collection) =>
          `${collectionTitle(collection)} ${collection.name}`.toLocaleLowerCase().includes(wanted),
        ),
    [query.data, wanted],
  );
  const make = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t("designer.newCollection")}
    </Button>
  );
  return (
    <Page title={t("designer.title")} hint={t("designer.hint")} actions={make}>
      <Shown of={query}>
        {(all) => (
          <Flex vertical gap={12}>
            <SearchInput
              label={t("common.search")}
              value={search}
              onType={setSearch}
              style={{ maxWidth: 320 }}
            />
            <Table<Collection>
              rowKey="name"
              size="middle"
              columns={columns}
              dataSource={rows}
              pagination={{ defaultPageSize: PAGE_SIZE, hideOnSinglePage: true, showSizeChanger: false }}
              locale={{
                emptyText: wanted ? (
                  <Nothing title={t("designer.noneFound")} hint={t("designer.noneFoundHint")} />
                ) : (
                  <Nothing title={t("designer.none")} hint={t("designer.noneHint")} action={make} />
                ),
              }}
            />
            {dropped && (
              <DropCollection
                key={dropped.name}
                collection={dropped}
                all={all}
                open
                onClose={() => setDropped(null)}
              />
            )}
          </Flex>
        )}
      </Shown>
      {making && <CollectionForm onClose={() => setMaking(false)} />}
      {edited && <CollectionForm collection={edited} onClose={() => setEdited(null)} />}
    </Page>
  );
}
