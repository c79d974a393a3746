/** What can be done with the records that are chosen. */
import { DeleteOutlined, EditOutlined } from "@ant-design/icons";
import { App, Button, Form, Modal, Select, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { isRefusal } from "@/api/errors";
import type { Collection, Field, Key } from "@/api/metadata";
import { useDestroyRecords, useUpdateRecords } from "@/api/mutations/records";
import { useCollectionRights } from "@/components/collectionRights";
import { atField } from "@/components/refusals";
import { useTold } from "@/components/told";
import { useOutcome } from "@/components/useOutcome";
import { FieldInput } from "@/schema/FieldInput";
import { isWritten } from "@/schema/registry";
import { titleOf } from "@/schema/titles";
import { Unreadable } from "@/schema/types";
import styles from "@/features/data/Data.module.css";

interface Props {
  collection: Collection;
  chosen: readonly Key[];
  onDone: () => void;
}

export function ChosenBar({ collection, chosen, onDone }: Props) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const told = useTold();
  const rights = useCollectionRights(collection);
  const destroy = useDestroyRecords(collection.name);
  const [setting, setSetting] = useState(false);
  const count = chosen.length;
  const remove = () =>
    void modal.confirm({
      title: t("data.deleteTitle", { count }),
      content: t("data.deleteHint"),
      okText: t("common.delete"),
      okButtonProps: { danger: true },
      cancelText: t("common.cancel"),
      onOk: () =>
        destroy
          .mutateAsync(chosen)
          .then((gone) => {
            told.done(t("data.deleted", { count: gone }));
            onDone();
          })
          .catch(told.failed),
    });
  return (
    <div className={styles["chosen"]} role="region" aria-label={t("data.chosen", { count })}>
      <Typography.Text strong>{t("data.chosen", { count })}</Typography.Text>
      {rights.may("update") && (
        <Button size="small" icon={<EditOutlined />} onClick={() => setSetting(true)}>
          {t("data.setField")}
        </Button>
      )}
      {rights.may("destroy") && (
        <Button size="small" danger icon={<DeleteOutlined />} loading={destroy.isPending} onClick={remove}>
          {t("common.delete")}
        </Button>
      )}
      <Button size="small" type="text" onClick={onDone}>
        {t("data.unchoose")}
      </Button>
      <Modal
        open={setting}
        title={t("data.setTitle", { count })}
        footer={null}
        onCancel={() => setSetting(false)}
        destroyOnHidden
      >
        <SetField
          {...{ collection, chosen }}
          fields={collection.fields.filter(
            (f) => isWritten(f) && !f.unique && rights.mayField("update", f.name),
          )}
          onDone={() => {
            setSetting(false);
            onDone();
          }}
        />
      </Modal>
    </div>
  );
}

function SetField({ collection, chosen, fields, onDone }: Props & { fields: Field[] }) {
  const { t } = useTranslation();
  const told = useTold();
  const outcome = useOutcome();
  const update = useUpdateRecords(collection.name);
  const [name, setName] = useState<string | null>(null);
  const [value, setValue] = useState<unknown>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const field = fields.find((other) => other.name === name);
  const store = () => {
    if (name === null || value instanceof Unreadable) return;
    outcome<unknown>(update.mutateAsync({ of: chosen, values: { [name]: value } }), {
      said: () => t("common.saved"),
      done: onDone,
      refused: (error) => (isRefusal(error) ? setWrong(atField(error.entry)) : told.failed(error)),
    });
  };
  const change = (next: unknown) => {
    setWrong(null);
    setValue(next);
  };
  return (
    <Form layout="vertical" onFinish={store}>
      <Form.Item label={t("data.field")} htmlFor="set-field">
        <Select
          id="set-field"
          showSearch={{ optionFilterProp: "label" }}
          value={name}
          onChange={(next: string) => {
            setName(next);
            change(null);
          }}
          options={fields.map((other) => ({ value: other.name, label: titleOf(t, other) }))}
        />
      </Form.Item>
      {field && (
        <Form.Item
          label={t("data.newValue")}
          htmlFor="set-value"
          extra={t("data.emptyHint")}
          {...(wrong === null ? {} : { validateStatus: "error" as const, help: wrong })}
        >
          <FieldInput key={field.name} id="set-value" field={field} value={value} onChange={change} />
        </Form.Item>
      )}
      <Button type="primary" htmlType="submit" disabled={!field} loading={update.isPending}>
        {t("common.save")}
      </Button>
    </Form>
  );
}
