/** One collection: its fields, in their order; add, change, move, drop. */
import {
  ArrowDownOutlined,
  ArrowUpOutlined,
  DeleteOutlined,
  EditOutlined,
  PlusOutlined,
  TableOutlined,
} from "@ant-design/icons";
import { Breadcrumb, Button, Flex, Table, Tag, Tooltip, Typography, type TableColumnsType } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useMoveField } from "@/api/mutations/collections";
import { collectionTitle, type Collection, type Field } from "@/api/metadata";
import { collections } from "@/api/queries/collections";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Nothing, Shown } from "@/components/states";
import { useTold } from "@/components/told";
import { CollectionForm } from "@/features/designer/CollectionForm";
import { DropCollection, DropField } from "@/features/designer/Drop";
import { FieldDrawer } from "@/features/designer/FieldDrawer";
import styles from "@/features/designer/CollectionPage.module.css";
import { kindText } from "@/features/designer/kinds";
import { relationOver } from "@/features/designer/uses";
import { titleOf } from "@/schema/titles";

/** Fields that come by themselves, and are changed by a box of the collection's form. */
const BY_BOX = ["createdAt", "updatedAt", "createdBy", "updatedBy"];

const fixed = (collection: Collection, field: Field): boolean =>
  collection.from === "code" ||
  field.primaryKey === true ||
  field.isForeignKey === true ||
  BY_BOX.includes(field.interface ?? "");

function Traits({ field, all }: { field: Field; all: readonly Collection[] }) {
  const { t } = useTranslation();
  const target = all.find((collection) => collection.name === field.target);
  return (
    <Flex gap={4} wrap>
      {field.primaryKey && <Tag>{t("designer.primaryKey")}</Tag>}
      {field.isForeignKey && <Tag>{t("designer.foreignKey")}</Tag>}
      {!field.primaryKey && (field.required === true || field.allowNull === false) && (
        <Tag color="gold">{t("designer.required")}</Tag>
      )}
      {field.unique && <Tag color="blue">{t("designer.unique")}</Tag>}
      {target && <Tag color="purple">{`→ ${collectionTitle(target)}`}</Tag>}
    </Flex>
  );
}

function Fields({ collection, all }: { collection: Collection; all: readonly Collection[] }) {
  const { t } = useTranslation();
  const told = useTold();
  const move = useMoveField(collection.name);
  const [edited, setEdited] = useState<Field | "new" | null>(null);
  const [dropped, setDropped] = useState<Field | null>(null);
  const own = collection.from !== "code";
  const shift = (field: Field, by: -1 | 1) => {
    const target = collection.fields[collection.fields.indexOf(field) + by];
    if (target) move.mutate({ name: field.name, target: target.name }, { onError: told.failed });
  };
  const columns: TableColumnsType<Field> = [
    {
      key: "title",
      title: t("designer.field"),
      render: (_, field) => (
        <Flex vertical>
          <Typography.Text strong>{titleOf(t, field)}</Typography.Text>
          <Typography.Text type="secondary">{field.name}</Typography.Text>
        </Flex>
      ),
    },
    {
      key: "kind",
      title: t("designer.kindTitle"),
      render: (_, field) => {
        const relation = field.isForeignKey ? relationOver(field, collection, all) : undefined;
        return (
          <Flex vertical>
            <span>{kindText(t, field)}</span>
            {relation !== undefined && (
              <Typography.Text type="secondary">{t("designer.keyOf", { name: relation })}</Typography.Text>
            )}
          </Flex>
        );
      },
    },
    {
      key: "traits",
      title: t("designer.traits"),
      responsive: ["md"],
      render: (_, field) => <Traits field={field} all={all} />,
    },
    {
      key: "actions",
      title: <span className="visually-hidden">{t("common.actions")}</span>,
      align: "right",
      render: (_, field, index) => {
        const name = titleOf(t, field);
        const why = field.isForeignKey ? t("designer.fixedKey") : t("designer.fixedField");
        return own ? (
          <Flex wrap justify="flex-end" className={styles["deeds"] ?? ""}>
            <Button
              type="text"
              size="small"
              icon={<ArrowUpOutlined />}
              disabled={index === 0 || move.isPending}
              aria-label={t("designer.moveUp", { name })}
              onClick={() => shift(field, -1)}
            />
            <Button
              type="text"
              size="small"
              icon={<ArrowDownOutlined />}
              disabled={index === collection.fields.length - 1 || move.isPending}
              aria-label={t("designer.moveDown", { name })}
              onClick={() => shift(field, 1)}
            />
            <Tooltip title={fixed(collection, field) ? why : undefined}>
              <Button
                type="text"
                size="small"
                icon={<EditOutlined />}
                disabled={fixed(collection, field)}
                aria-label={t("designer.editField", { name })}
                onClick={() => setEdited(field)}
              />
            </Tooltip>
            <Button
              type="text"
              size="small"
              danger
              icon={<DeleteOutlined />}
              disabled={fixed(collection, field)}
              aria-label={t("designer.dropField", { name })}
              onClick={() => setDropped(field)}
            />
          </Flex>
        ) : null;
      },
    },
  ];
  const add = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited("new")}>
      {t("designer.addField")}
    </Button>
  );
  return (
    <Flex vertical gap={12}>
      <Flex justify="space-between" align="center">
        <Typography.Title level={2} style={{ fontSize: 16, margin: 0 }}>
          {t("designer.fields")}
        </Typography.Title>
        {add}
      </Flex>
      <Table<Field>
        rowKey="name"
        size="small"
        columns={columns}
        dataSource={collection.fields}
        pagination={false}
        scroll={{ x: "max-content" }}
        locale={{ emptyText: <Nothing title={t("designer.noFields")} action={add} /> }}
      />
      {edited && (
        <FieldDrawer
          key={edited === "new" ? "new" : edited.name}
          collection={collection}
          {...(edited === "new" ? {} : { field: edited })}
          all={all}
          onClose={() => setEdited(null)}
        />
      )}
      {dropped && (
        <DropField
          key={dropped.name}
          collection={collection}
          field={dropped}
          all={all}
          open
          onClose={() => setDropped(null)}
        />
      )}
    </Flex>
  );
}

export default function CollectionPage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: "/inside/settings/collections/$name" });
  const navigate = useNavigate();
  const query = useQuery(collections.meta());
  const [editing, setEditing] = useState(false);
  const [dropping, setDropping] = useState(false);
  const collection = query.data?.find((one) => one.name === name);
  const title = collection ? collectionTitle(collection) : name;
  const back = () => void navigate({ to: "/settings/collections" });
  const trail = (
    <Breadcrumb
      items={[{ title: <Link to="/settings/collections">{t("designer.title")}</Link> }, { title }]}
    />
  );
  return (
    <Page
      title={title}
      hint={collection?.description ?? name}
      trail={trail}
      actions={
        collection && (
          <>
            {!collection.hidden && (
              <LinkButton to="/data/$collection" params={{ collection: name }} icon={<TableOutlined />}>
                {t("designer.records")}
              </LinkButton>
            )}
            {collection.from !== "code" && (
              <>
                <Button icon={<EditOutlined />} onClick={() => setEditing(true)}>
                  {t("common.edit")}
                </Button>
                <Button danger icon={<DeleteOutlined />} onClick={() => setDropping(true)}>
                  {t("designer.drop")}
                </Button>
              </>
            )}
          </>
        )
      }
    >
      <Shown of={query}>
        {(all) =>
          collection ? (
            <>
              <Fields collection={collection} all={all} />
              {editing && <CollectionForm collection={collection} onClose={() => setEditing(false)} />}
              <DropCollection
                collection={collection}
                all={all}
                open={dropping}
                onClose={() => setDropping(false)}
                onDropped={back}
              />
            </>
          ) : (
            <Nothing
              title={t("designer.notThere", { name })}
              action={<Button onClick={back}>{t("common.back")}</Button>}
            />
          )
        }
      </Shown>
    </Page>
  );
}
