/** Conditions in groups: all of them, or any one, has to hold. */
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Cascader, Flex, Segmented, Select } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import type { Collection } from "@/api/metadata";
import { session } from "@/api/queries/session";
import { isReadable, rightsOn } from "@/components/collectionRights";
import { useCollections } from "@/components/collections";
import { changed, condition, group, type Condition, type Group, type Item } from "@/features/data/filterTree";
import { reach, steps, type Step } from "@/features/data/paths";
import { Operand } from "@/schema/Operand";
import { operatorOf, operatorsOf, type OperatorName } from "@/schema/operators";
import { operatorTitle } from "@/schema/titles";
import styles from "@/features/data/Data.module.css";

interface Props {
  collection: Collection;
  tree: Group;
  onChange: (tree: Group) => void;
}

export function FilterBuilder({ collection, tree, onChange }: Props) {
  const { t } = useTranslation();
  const all = useCollections();
  const { data: rights } = useQuery(session.rights());
  const offered = useMemo(
    () =>
      steps(
        t,
        all,
        collection,
        (from, field) =>
          rightsOn(rights, from, undefined).mayField("view", field.name) &&
          isReadable(rights, all, from, field.name),
      ),
    [t, all, collection, rights],
  );
  return (
    <div className={styles["builder"]}>
      <Part group={tree} offered={offered} collection={collection} root={tree} onChange={onChange} />
    </div>
  );
}

interface PartProps {
  group: Group;
  offered: Step[];
  collection: Collection;
  /** The whole filter, which is what changes. */
  root: Group;
  onChange: (root: Group) => void;
}

function Part({ group: part, offered, collection, root, onChange }: PartProps) {
  const { t } = useTranslation();
  const outermost = part.id === root.id;
  const put = (next: Group) => onChange(outermost ? next : changed(root, part.id, () => next));
  const add = (item: Item) => put({ ...part, items: [...part.items, item] });
  const replace = (id: number, next: Item | null) =>
    put({ ...part, items: part.items.flatMap((item) => (item.id !== id ? [item] : next ? [next] : [])) });
  return (
    <div className={`${styles["group"] ?? ""} ${outermost ? "" : (styles["inner"] ?? "")}`}>
      <Flex gap={8} align="center" justify="space-between">
        <Segmented<"all" | "any">
          aria-label={t("data.combine")}
          value={part.all ? "all" : "any"}
          onChange={(word) => put({ ...part, all: word === "all" })}
          options={[
            { value: "all", label: t("data.all") },
            { value: "any", label: t("data.any") },
          ]}
        />
        {!outermost && (
          <Button
            type="text"
            icon={<DeleteOutlined />}
            aria-label={t("data.removeGroup")}
            onClick={() => onChange(changed(root, part.id, () => null))}
          />
        )}
      </Flex>
      {part.items.map((item) =>
        item.kind === "group" ? (
          <Part key={item.id} {...{ group: item, offered, collection, root, onChange }} />
        ) : (
          <Row
            key={item.id}
            {...{ condition: item, offered, collection }}
            onChange={(next) => replace(item.id, next)}
          />
        ),
      )}
      <Flex gap={8} wrap>
        <Button size="small" icon={<PlusOutlined />} onClick={() => add(condition())}>
          {t("data.addCondition")}
        </Button>
        {outermost && (
          <Button size="small" icon={<PlusOutlined />} onClick={() => add(group(false, [condition()]))}>
            {t("data.addGroup")}
          </Button>
        )}
      </Flex>
    </div>
  );
}

interface RowProps {
  condition: Condition;
  offered: Step[];
  collection: Collection;
  onChange: (condition: Condition | null) => void;
}

function Row({ condition: { id, path, operator, value }, offered, collection, onChange }: RowProps) {
  const { t } = useTranslation();
  const all = useCollections();
  const reached = path ? reach(all, collection, path) : null;
  const fitting = reached ? operatorsOf(reached.field) : [];
  const put = (next: Partial<Condition>) =>
    onChange({ kind: "condition", id, path, operator, value, ...next });
  const choosePath = (next: string) => {
    const found = reach(all, collection, next);
    const first = found ? operatorsOf(found.field)[0] : undefined;
    put({ path: next, operator: first?.name ?? "eq", value: undefined });
  };
  const chooseOperator = (next: OperatorName) => {
    const same = operatorOf(next)?.operand === operatorOf(operator)?.operand;
    put({ operator: next, value: same ? value : undefined });
  };
  return (
    <div className={styles["condition"]}>
      <Cascader<Step>
        aria-label={t("data.field")}
        placeholder={t("data.field")}
        options={offered}
        changeOnSelect
        allowClear={false}
        expandTrigger="hover"
        showSearch
        value={path ? path.split(".") : []}
        onChange={(next) => choosePath(next.join("."))}
        displayRender={(labels) => labels.join(" › ")}
        style={{ width: "100%" }}
      />
      <Select<OperatorName>
        aria-label={t("data.operator")}
        value={reached ? operator : null}
        disabled={!reached}
        onChange={chooseOperator}
        popupMatchSelectWidth={false}
        style={{ width: "100%" }}
        options={fitting.map(({ name }) => ({
          value: name,
          label: reached ? operatorTitle(t, name, reached.field) : name,
        }))}
      />
      <div>
        {reached && (
          <Operand
            key={`${path} ${operator}`}
            {...{
              operator,
              value,
              field: reached.field,
              collection: reached.collection,
              through: reached.through,
            }}
            onChange={(next) => put({ value: next })}
          />
        )}
      </div>
      <Button
        type="text"
        icon={<DeleteOutlined />}
        aria-label={t("data.removeCondition")}
        onClick={() => onChange(null)}
      />
    </div>
  );
}
