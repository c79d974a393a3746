/** A relation to one record: chosen by a search, opened, made in place. */
import { ExportOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Flex, Tooltip } from "antd";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { collectionTitle, keyOf, type Field, type Row } from "@/api/metadata";
import { useCollection } from "@/components/collections";
import { ruleOf } from "@/components/collectionRights";
import { useRights } from "@/components/rights";
import { useOpen } from "@/features/data/opening";
import { Fact } from "@/features/data/RecordField";
import { NEW } from "@/features/data/which";
import type { InputProps } from "@/schema/types";
import styles from "@/features/data/Record.module.css";

interface Props {
  id: string;
  field: Field;
  value: unknown;
  onChange?: (value: unknown) => void;
  /** Absent where it is only shown. */
  Input?: ComponentType<InputProps>;
}

export function ToOne({ id, field, value, onChange, Input }: Props) {
  const { t } = useTranslation();
  const { rights } = useRights();
  const open = useOpen();
  const target = useCollection(field.target);
  const key = target && typeof value === "object" && value !== null ? keyOf(target, value as Row) : null;
  const name = target ? collectionTitle(target) : "";
  return (
    <Flex gap={4} align="center">
      <div className={styles["grow"]}>
        {Input ? (
          <Input id={id} field={field} value={value ?? null} {...(onChange ? { onChange } : {})} />
        ) : (
          <div className={styles["fact"]}>
            <Fact field={field} value={value} />
          </div>
        )}
      </div>
      {target && key !== null && ruleOf(rights, target, "view") && (
        <Tooltip title={t("common.open")}>
          <Button
            type="text"
            icon={<ExportOutlined />}
            aria-label={t("record.openOf", { name })}
            onClick={() => open({ collection: target.name, record: key })}
          />
        </Tooltip>
      )}
      {target && Input && onChange && target.from !== "code" && ruleOf(rights, target, "create") && (
        <Tooltip title={t("record.new", { name })}>
          <Button
            type="text"
            icon={<PlusOutlined />}
            aria-label={t("record.new", { name })}
            onClick={() => open({ collection: target.name, record: NEW, onSaved: onChange })}
          />
        </Tooltip>
      )}
    </Flex>
  );
}
