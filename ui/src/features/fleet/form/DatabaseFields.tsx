/** Where the data of an application are kept: what is made, on which server, and how that is reached. */
import { Alert, Form, Input, InputNumber, Radio, Segmented, Select, Typography } from "antd";
import { useTranslation } from "react-i18next";
import type { Around } from "@/features/fleet/form/around";
import styles from "@/features/fleet/form/form.module.css";
import {
  CONNECTIONS,
  DIALECT_NAMES,
  DIALECTS,
  MOVABLE,
  neededOf,
  partsOf,
  PORTS,
  type Part,
} from "@/features/fleet/form/database";
import { dialectOf, type Values } from "@/features/fleet/form/values";

interface PartProps {
  part: Part;
  needed: boolean;
  fixed: boolean;
  placeholder: string;
  hint: string | undefined;
}

function PartField({ part, needed, fixed, placeholder, hint }: PartProps) {
  const { t } = useTranslation();
  const label = t(`appForm.parts.${part}`);
  const rules =
    needed && !fixed ? [{ required: true, message: t("appForm.partMissing", { part: label }) }] : [];
  const plain = { disabled: fixed, placeholder, autoComplete: "off" } as const;
  return (
    <Form.Item name={["database", part]} label={label} extra={hint} rules={rules}>
      {part === "port" ? (
        <InputNumber min={1} max={65_535} precision={0} style={{ width: 140 }} {...plain} />
      ) : part === "password" ? (
        <Input.Password {...plain} autoComplete="new-password" />
      ) : (
        <Input {...plain} spellCheck={false} autoCapitalize="none" />
      )}
    </Form.Item>
  );
}

function Kind({ own }: { own: string }) {
  const { t } = useTranslation();
  return (
    <Form.Item name="dbConnType" label={t("appForm.connection")}>
      <Radio.Group className={styles["choices"] ?? ""}>
        {CONNECTIONS.map((each) => {
          const closed = each === "new_schema" && own !== "postgres";
          return (
            <Radio key={each} value={each} disabled={closed}>
              {t(`appForm.connections.${each}`)}
              <Typography.Text type="secondary" className={styles["why"] ?? ""}>
                {closed
                  ? t("appForm.schemaClosed", { dialect: DIALECT_NAMES[own as keyof typeof DIALECT_NAMES] })
                  : t(`appForm.connectionHints.${each}`)}
              </Typography.Text>
            </Radio>
          );
        })}
      </Radio.Group>
    </Form.Item>
  );
}

function Service({ own }: { own: keyof typeof DIALECT_NAMES }) {
  const { t } = useTranslation();
  return (
    <Form.Item name="other" label={t("appForm.service")}>
      <Segmented<boolean>
        aria-label={t("appForm.service")}
        options={[
          { value: false, label: t("appForm.serviceOwn", { dialect: DIALECT_NAMES[own] }) },
          { value: true, label: t("appForm.serviceOther") },
        ]}
      />
    </Form.Item>
  );
}

export function DatabaseFields({ around }: { around: Around }) {
  const { t } = useTranslation();
  const form = Form.useFormInstance<Values>();
  const connection = Form.useWatch((values: Partial<Values>) => values.dbConnType ?? "new_database", {
    form,
    preserve: true,
  });
  const other = Form.useWatch((values: Partial<Values>) => values.other ?? false, { form, preserve: true });
  const chosen = Form.useWatch((values: Partial<Values>) => values.dialect ?? around.own, {
    form,
    preserve: true,
  });
  const name = Form.useWatch("name", { form, preserve: true }) || t("appForm.itsId");
  const dialect = dialectOf({ dbConnType: connection, other, dialect: chosen }, around.own);
  const service = { connection, other, dialect };
  const needed = neededOf(service);
  const placeholders: Partial<Record<Part, string>> = {
    port: String(PORTS[dialect] ?? ""),
    storage: connection === "new_connection" ? "shared/shop.sqlite" : `apps/${name}/${name}.sqlite`,
    database: connection === "new_database" ? name.replaceAll("-", "_") : "",
    schema: connection === "new_schema" ? name : "",
    password: around.editing ? t("appForm.passwordKept") : "",
  };
  const parts = around.editing
    ? partsOf({ ...service, other: other || dialect !== "sqlite" })
    : partsOf(service);
  return (
    <>
      {around.editing ? (
        <Alert type="info" showIcon title={t("appForm.databaseFixed")} className={styles["note"] ?? ""} />
      ) : (
        <>
          <Kind own={dialect} />
          {connection !== "new_connection" && <Service own={around.own} />}
          {(other || connection === "new_connection") && (
            <Form.Item name="dialect" label={t("appForm.dialect")}>
              <Select
                style={{ maxWidth: 240 }}
                options={DIALECTS.map((value) => ({ value, label: DIALECT_NAMES[value] }))}
              />
            </Form.Item>
          )}
        </>
      )}
      <div className={styles["parts"]}>
        {parts.map((part) => (
          <PartField
            key={part}
            part={part}
            needed={needed.includes(part)}
            fixed={around.editing && !MOVABLE.includes(part)}
            placeholder={placeholders[part] ?? ""}
            hint={part === "storage" ? t("appForm.storageHint") : undefined}
          />
        ))}
      </div>
    </>
  );
}
