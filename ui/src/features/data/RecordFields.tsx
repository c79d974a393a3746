import { DeleteOutlined } from "@ant-design/icons";
import { Alert, Button, Flex, Form, Popconfirm } from "antd";
import { useEffect, useId, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { keyOf, type Row } from "@/api/metadata";
import { useDestroyRecords } from "@/api/mutations/records";
import { useCollectionRights } from "@/components/collectionRights";
import { RefusedSentences } from "@/components/RefusedSentences";
import { useTold } from "@/components/told";
import type { Parts } from "@/features/data/record-fields";
import { Fact, RecordField } from "@/features/data/RecordField";
import type { RecordProps } from "@/features/data/OneRecord";
import { RelatedRecords } from "@/features/data/RelatedRecords";
import { useDraft, type Draft } from "@/features/data/useDraft";
import { useLeave } from "@/components/useLeave";
import { useSaving } from "@/features/data/useSaving";
import { NEW } from "@/features/data/which";
import { isWritten } from "@/schema/registry";
import { titleOf } from "@/schema/titles";
import styles from "@/features/data/Record.module.css";

interface Props extends Omit<RecordProps, "onTitle"> {
  row: Row;
  parts: Parts;
}

export function RecordFields({ collection, record, row, parts, at, onLeave, onRecord, onSaved }: Props) {
  const { t } = useTranslation();
  const rights = useCollectionRights(collection);
  const id = useId();
  const isNew = record === NEW;
  const draft = useDraft(collection, row);
  const fields = isNew ? [...parts.main, ...parts.many] : parts.main;
  const saving = useSaving({ collection, record, at: at ?? collection.name, fields }, draft);
  const dirty = Object.keys(draft.changes).length > 0;
  const leave = useLeave(dirty && !saving.busy);
  useEffect(() => onLeave(leave), [leave, onLeave]);

  const action = isNew ? "create" : "update";
  const mayWrite = isNew ? rights.may("create") : rights.mayOn("update", row);
  const written = (field: (typeof fields)[number]) =>
    mayWrite && isWritten(field, !isNew) && rights.mayField(action, field.name);
  const store = () =>
    saving.save((stored) => {
      if (onSaved) onSaved(stored);
      else if (isNew) onRecord(keyOf(collection, stored) ?? undefined);
    });
  const keys = (event: KeyboardEvent) => {
    if (!(event.metaKey || event.ctrlKey) || (event.key !== "Enter" && event.key !== "s")) return;
    event.preventDefault();
    if (dirty && !saving.busy) store();
  };
  const first = fields.find(written)?.name;
  useEffect(() => {
    if (isNew && first !== undefined) document.getElementById(`${id}-${first}`)?.focus();
  }, [isNew, first, id]);
  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions -- keys come from its inputs; nobody presses it itself
    <div className={styles["form"]} onKeyDown={keys}>
      <div className={styles["body"]}>
        {!saving.busy && <Foreign draft={draft} />}
        <RefusedSentences of={saving.wrong.others} gap={0} />
        <Form layout="vertical" component="div" className={styles["grid"] ?? ""}>
          {fields.map((field) => (
            <RecordField
              key={field.name}
              id={`${id}-${field.name}`}
              field={field}
              value={draft.shown[field.name]}
              written={written(field)}
              wrong={saving.wrong.fields[field.name]}
              onChange={(value) => {
                saving.forget(field.name);
                draft.change(field, value);
              }}
            />
          ))}
        </Form>
        {!isNew &&
          parts.many.map((field) => (
            <RelatedRecords key={field.name} collection={collection} record={record} field={field} />
          ))}
        {parts.stamps.length > 0 && (
          <dl className={styles["stamps"]}>
            {parts.stamps.map((field) => (
              <div key={field.name}>
                <dt>{titleOf(t, field)}</dt>
                <dd>
                  <Fact field={field} value={row[field.name]} />
                </dd>
              </div>
            ))}
          </dl>
        )}
      </div>
      <Flex className={styles["foot"] ?? ""} gap={8} align="center">
        {mayWrite && (
          <Button type="primary" disabled={!dirty && !isNew} loading={saving.busy} onClick={store}>
            {isNew ? t("common.create") : t("common.save")}
          </Button>
        )}
        {dirty && !isNew && <Button onClick={draft.drop}>{t("record.discard")}</Button>}
        <span className={styles["gap"]} />
        {!isNew && rights.mayOn("destroy", row) && (
          <Destroy
            collection={collection.name}
            of={record}
            onDone={() => {
              draft.drop();
              onRecord(undefined);
            }}
          />
        )}
      </Flex>
    </div>
  );
}

/** Somebody else has changed the record while it is being written here. */
function Foreign({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  if (draft.foreign.length === 0) return null;
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      title={t("record.foreign")}
      description={t("record.foreignFields", {
        fields: draft.foreign.map((field) => titleOf(t, field)).join(", "),
      })}
      action={
        <Flex vertical gap={8}>
          <Button size="small" onClick={draft.keepMine}>
            {t("record.keepMine")}
          </Button>
          <Button size="small" onClick={draft.drop}>
            {t("record.takeTheirs")}
          </Button>
        </Flex>
      }
    />
  );
}

interface DestroyProps {
  collection: string;
  of: string | number;
  onDone: () => void;
}

function Destroy({ collection, of, onDone }: DestroyProps) {
  const { t } = useTranslation();
  const told = useTold();
  const destroy = useDestroyRecords(collection);
  // Awaited, since this is not shown any more once the record is known to be gone.
  const confirm = () =>
    destroy.mutateAsync([of]).then(() => {
      told.done(t("record.deleted"));
      onDone();
    }, told.failed);
  return (
    <Popconfirm
      title={t("record.deleteTitle")}
      description={t("record.deleteHint")}
      okText={t("common.delete")}
      okButtonProps={{ danger: true }}
      cancelText={t("common.cancel")}
      onConfirm={confirm}
    >
      <Button danger type="text" icon={<DeleteOutlined />} loading={destroy.isPending}>
        {t("common.delete")}
      </Button>
    </Popconfirm>
  );
}
