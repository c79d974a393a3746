/** How administrators arrange the menu: groups, collections, links; moved by dragging or by buttons. */
import {
  ArrowDownOutlined,
  ArrowUpOutlined,
  DeleteOutlined,
  EditOutlined,
  PlusOutlined,
} from "@ant-design/icons";
import { App, Button, Card, Dropdown, Flex, Tag, Tree, Typography, type TreeDataNode } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { useDestroyMenuItem, useMoveMenuItem, type Move } from "@/api/mutations/administration";
import { menu, type MenuItem, type MenuKind } from "@/api/queries/administration";
import { collectionTitle } from "@/api/metadata";
import { useListed } from "@/components/collections";
import { MenuIcon } from "@/components/MenuIcon";
import { Page } from "@/components/Page";
import { Nothing, Shown } from "@/components/states";
import { useTold } from "@/components/told";
import { ItemDrawer } from "@/features/menu/ItemDrawer";
import { dropped, step, treeOf, type Branch } from "@/features/menu/tree";

export const KINDS: readonly MenuKind[] = ["group", "collection", "link"];

interface RowProps {
  item: MenuItem;
  title: string;
  items: readonly MenuItem[];
  onMove: (move: Move) => void;
  onEdit: () => void;
}

function Row({ item, title, items, onMove, onEdit }: RowProps) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const told = useTold();
  const destroy = useDestroyMenuItem();
  const up = step(items, item.id, "up");
  const down = step(items, item.id, "down");
  const remove = () =>
    void modal.confirm({
      title: t("menu.deleteTitle", { title }),
      content: t(item.kind === "group" ? "menu.deleteGroupHint" : "menu.deleteHint"),
      okText: t("common.delete"),
      okButtonProps: { danger: true },
      cancelText: t("common.cancel"),
      onOk: () => destroy.mutateAsync(item.id).catch(told.failed),
    });
  return (
    <Flex justify="space-between" align="center" gap={8} wrap>
      <Flex gap={8} align="center">
        <MenuIcon icon={item.icon} kind={item.kind} />
        <Typography.Text>{title}</Typography.Text>
        {item.roles && <Tag>{t("menu.someRoles", { count: item.roles.length })}</Tag>}
      </Flex>
      <Flex gap={2}>
        <Button
          type="text"
          size="small"
          icon={<ArrowUpOutlined />}
          aria-label={t("menu.up", { title })}
          disabled={!up}
          onClick={() => up && onMove(up)}
        />
        <Button
          type="text"
          size="small"
          icon={<ArrowDownOutlined />}
          aria-label={t("menu.down", { title })}
          disabled={!down}
          onClick={() => down && onMove(down)}
        />
        <Button
          type="text"
          size="small"
          icon={<EditOutlined />}
          aria-label={t("menu.editOne", { title })}
          onClick={onEdit}
        />
        <Button
          type="text"
          size="small"
          danger
          icon={<DeleteOutlined />}
          aria-label={t("menu.deleteOne", { title })}
          onClick={remove}
        />
      </Flex>
    </Flex>
  );
}

interface ArrangedProps {
  items: MenuItem[];
  onEdit: (item: MenuItem) => void;
}

function Arranged({ items, onEdit }: ArrangedProps) {
  const { t } = useTranslation();
  const told = useTold();
  const move = useMoveMenuItem();
  const known = useListed();
  const titleOf = (item: MenuItem): string => {
    const collection = known.find(({ name }) => name === item.collection);
    return item.title ?? (collection ? collectionTitle(collection) : (item.collection ?? ""));
  };
  const go = (to: Move) => move.mutate(to, { onError: told.failed });
  const node = ({ item, inside }: Branch): TreeDataNode => ({
    key: item.id,
    title: <Row item={item} title={titleOf(item)} items={items} onMove={go} onEdit={() => onEdit(item)} />,
    children: inside.map(node),
  });
  return (
    <Tree
      aria-label={t("menu.title")}
      blockNode
      defaultExpandAll
      selectable={false}
      draggable
      disabled={move.isPending}
      treeData={treeOf(items).map(node)}
      onDrop={({ dragNode, node: at, dropToGap, dropPosition }) => {
        const place = Number(at.pos.split("-").at(-1));
        const where = !dropToGap ? "on" : dropPosition < place ? "before" : "behind";
        const to = dropped(items, { source: Number(dragNode.key), target: Number(at.key), where });
        if (to) go(to);
      }}
    />
  );
}

export default function MenuPage() {
  const { t } = useTranslation();
  const found = useQuery(menu.items());
  const [edited, setEdited] = useState<{ item: MenuItem | null; kind: MenuKind } | null>(null);
  const add = (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: KINDS.map((kind) => ({
          key: kind,
          icon: <MenuIcon icon={null} kind={kind} />,
          label: t(`menu.kind.${kind}`),
          onClick: () => setEdited({ item: null, kind }),
        })),
      }}
    >
      <Button type="primary" icon={<PlusOutlined />}>
        {t("menu.add")}
      </Button>
    </Dropdown>
  );
  return (
    <Page title={t("menu.title")} hint={t("menu.hint")} actions={add}>
      <Card style={{ maxWidth: 760 }}>
        <Shown of={found}>
          {(items) =>
            items.length === 0 ? (
              <Nothing title={t("menu.none")} hint={t("menu.noneHint")} />
            ) : (
              <Arranged items={items} onEdit={(item) => setEdited({ item, kind: item.kind })} />
            )
          }
        </Shown>
      </Card>
      {edited && <ItemDrawer {...edited} items={found.data ?? []} onClose={() => setEdited(null)} />}
    </Page>
  );
}
