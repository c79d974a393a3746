/** Says what will be lost before a collection or field is dropped. */
import { Alert, Checkbox, Flex, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { useDropCollection, useDropField } from "@/api/mutations/collections";
import { collectionTitle, fieldTitle, type Collection, type Field } from "@/api/metadata";
import { designer } from "@/api/queries/designer";
import { ConfirmName } from "@/components/ConfirmName";
import { useTold } from "@/components/told";
import { relationsTo, usersOf } from "@/features/designer/uses";
import { number } from "@/lib/format";

interface CollectionProps {
  collection: Collection;
  all: readonly Collection[];
  open: boolean;
  onClose: () => void;
  onDropped?: () => void;
}

export function DropCollection({ collection, all, open, onClose, onDropped }: CollectionProps) {
  const { t } = useTranslation();
  const told = useTold();
  const drop = useDropCollection();
  const [cascade, setCascade] = useState(false);
  const { data: count } = useQuery({ ...designer.count(collection.name), enabled: open });
  const relations = relationsTo(collection.name, all);
  // Awaited, since the page of a collection does not show this any more once it is known to be gone.
  const finish = () =>
    void drop.mutateAsync({ name: collection.name, cascade: cascade && relations.length > 0 }).then(() => {
      told.done(t("designer.dropped", { name: collectionTitle(collection) }));
      onClose();
      onDropped?.();
    }, told.failed);
  return (
    <ConfirmName
      open={open}
      name={collection.name}
      title={t("designer.dropCollection", { name: collectionTitle(collection) })}
      action={t("designer.drop")}
      busy={drop.isPending}
      onConfirm={finish}
      onCancel={onClose}
    >
      <Flex vertical gap={12}>
        <Typography.Text>
          {count === undefined
            ? t("designer.dropRecordsUnknown")
            : t("designer.dropRecords", { count, shown: number(count) })}
        </Typography.Text>
        {relations.length > 0 && (
          <Alert
            type="warning"
            showIcon
            title={t("designer.pointTo", { count: relations.length })}
            description={
              <Flex vertical gap={8}>
                <span>
                  {relations
                    .map(({ from, field }) => `${collectionTitle(from)}.${fieldTitle(field)}`)
                    .join(", ")}
                </span>
                <Checkbox checked={cascade} onChange={(event) => setCascade(event.target.checked)}>
                  {t("designer.cascade")}
                </Checkbox>
              </Flex>
            }
          />
        )}
      </Flex>
    </ConfirmName>
  );
}

interface FieldProps {
  collection: Collection;
  field: Field;
  all: readonly Collection[];
  open: boolean;
  onClose: () => void;
}

export function DropField({ collection, field, all, open, onClose }: FieldProps) {
  const { t } = useTranslation();
  const told = useTold();
  const drop = useDropField(collection.name);
  const { data: count } = useQuery({
    ...designer.filled(collection.name, field),
    enabled: open && field.target === undefined && field.type !== "password",
  });
  const users = usersOf(field, collection, all);
  const title = fieldTitle(field);
  const finish = () =>
    drop.mutate(field.name, {
      onSuccess: () => {
        told.done(t("designer.dropped", { name: title }));
        onClose();
      },
      onError: told.failed,
    });
  const lost =
    field.target !== undefined
      ? t("designer.dropLinks")
      : count === undefined
        ? t("designer.dropValuesUnknown")
        : t("designer.dropValues", { count, shown: number(count) });
  return (
    <ConfirmName
      open={open}
      name={field.name}
      title={t("designer.dropField", { name: title })}
      action={t("designer.drop")}
      busy={drop.isPending}
      onConfirm={finish}
      onCancel={onClose}
    >
      <Flex vertical gap={12}>
        <Typography.Text>{lost}</Typography.Text>
        {users.length > 0 && (
          <Alert type="warning" showIcon title={t("designer.usedBy", { names: users.join(", ") })} />
        )}
      </Flex>
    </ConfirmName>
  );
}
