/** One field of a record: written, or shown as it is. */
import { Form, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { isToMany, isToOne, type Field } from "@/api/metadata";
import { ToOne } from "@/features/data/ToOne";
import { lookOf } from "@/schema/registry";
import { titleOf } from "@/schema/titles";
import styles from "@/features/data/Record.module.css";

interface Props {
  id: string;
  field: Field;
  value: unknown;
  written: boolean;
  wrong: string | undefined;
  onChange: (value: unknown) => void;
}

/** What is longer than a line stands over the whole width. */
const isWide = (field: Field): boolean =>
  lookOf(field).lines === true || isToMany(field) || isToOne(field) || field.type.startsWith("json");

export function RecordField({ id, field, value, written, wrong, onChange }: Props) {
  const { t } = useTranslation();
  const { Input } = lookOf(field);
  const title = titleOf(t, field);
  return (
    <Form.Item
      label={title}
      {...(written ? { htmlFor: id } : {})}
      required={written && field.required === true}
      {...(wrong === undefined ? {} : { validateStatus: "error" as const, help: wrong })}
      {...(field.description && wrong === undefined ? { extra: field.description } : {})}
      className={isWide(field) ? (styles["wide"] ?? "") : ""}
      style={{ marginBottom: 0 }}
    >
      {written && Input ? (
        isToOne(field) ? (
          <ToOne id={id} field={field} value={value} onChange={onChange} Input={Input} />
        ) : (
          <Input
            id={id}
            field={field}
            value={value ?? null}
            onChange={onChange}
            {...(wrong === undefined ? {} : { status: "error" as const })}
          />
        )
      ) : isToOne(field) ? (
        <ToOne id={id} field={field} value={value} />
      ) : (
        <div className={styles["fact"]}>
          <Fact field={field} value={value} />
        </div>
      )}
    </Form.Item>
  );
}

/** A value as tables show it. */
export function Fact({ field, value }: { field: Field; value: unknown }) {
  const { t } = useTranslation();
  const { Cell } = lookOf(field);
  if (value === null || value === undefined || value === "")
    return <Typography.Text type="secondary">{t("common.none")}</Typography.Text>;
  return <Cell field={field} value={value} />;
}
