import { FilterOutlined } from "@ant-design/icons";
import { Badge, Button, Flex, Grid, Popover, Typography } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Collection } from "@/api/metadata";
import { FilterBuilder } from "@/features/data/FilterBuilder";
import { condition, count, fromJson, group, toJson, type Group } from "@/features/data/filterTree";

interface Props {
  collection: Collection;
  filter: object | undefined;
  onFilter: (filter: object | undefined) => void;
}

/** What is typed is asked for when the fingers rest this long. */
const REST_MS = 400;

const asText = (filter: object | null | undefined): string => JSON.stringify(filter ?? null);

/** `null` stands for a filter that came with the address and can not be built here. */
const treeOf = (filter: object | undefined): Group | null =>
  filter === undefined ? group(true, [condition()]) : fromJson(filter);

export function FilterButton({ collection, filter, onFilter }: Props) {
  const { t } = useTranslation();
  const wide = Grid.useBreakpoint().md ?? true;
  const [open, setOpen] = useState(false);
  const [tree, setTree] = useState<Group | null>(null);
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined);
  // Where the table is left, what would be applied belongs to no page any more.
  useEffect(() => () => clearTimeout(rest.current), []);
  const apply = (next: Group | null) => {
    clearTimeout(rest.current);
    if (next === null) return;
    const json = toJson(next);
    if (asText(json) !== asText(filter)) onFilter(json ?? undefined);
  };
  const change = (next: Group) => {
    setTree(next);
    clearTimeout(rest.current);
    rest.current = setTimeout(() => apply(next), REST_MS);
  };
  const turn = (next: boolean) => {
    if (next) setTree(treeOf(filter));
    else apply(tree);
    setOpen(next);
  };
  const clear = () => {
    clearTimeout(rest.current);
    setTree(group(true, [condition()]));
    onFilter(undefined);
  };
  const built = filter && fromJson(filter);
  const conditions = built ? count(built) : filter ? 1 : 0;
  const content = (
    <Flex vertical gap={12}>
      {tree ? (
        <FilterBuilder collection={collection} tree={tree} onChange={change} />
      ) : (
        <Typography.Text code>{asText(filter)}</Typography.Text>
      )}
      <Flex justify="flex-end" gap={8}>
        <Button onClick={clear} disabled={conditions === 0}>
          {t("data.clearFilter")}
        </Button>
        <Button type="primary" onClick={() => turn(false)}>
          {t("data.apply")}
        </Button>
      </Flex>
    </Flex>
  );
  return (
    <Popover
      open={open}
      onOpenChange={turn}
      trigger="click"
      placement="bottomLeft"
      arrow={false}
      destroyOnHidden
      content={content}
      title={t("data.filter")}
    >
      <Badge count={conditions} size="small" color="var(--ant-color-primary)">
        <Button icon={<FilterOutlined />} {...(wide ? {} : { "aria-label": t("data.filter") })}>
          {wide ? t("data.filter") : null}
        </Button>
      </Badge>
    </Popover>
  );
}
