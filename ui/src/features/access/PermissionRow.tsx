import { Button, Checkbox, Flex, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Scope } from "@/api/queries/access";
import type { Field } from "@/api/metadata";
import { isOnNew, type Action, type Permission } from "@/features/access/permissions";
import styles from "@/features/access/PermissionRow.module.css";
import { titleOf } from "@/schema/titles";

interface Props {
  action: Action;
  permission: Permission;
  fields: Field[];
  scopes: Scope[];
  onChange: (permission: Permission) => void;
  onNewScope: () => void;
}

/** One action: whether, on which records, with which fields. */
export function PermissionRow({ action, permission, fields, scopes, onChange, onNewScope }: Props) {
  const { t } = useTranslation();
  const name = t(`access.action.${action}`);
  return (
    <div className={styles["row"]}>
      <Checkbox
        checked={permission.allowed}
        onChange={(event) => onChange({ ...permission, allowed: event.target.checked })}
      >
        {name}
      </Checkbox>
      {permission.allowed && (
        <Flex vertical gap={8} className={styles["limits"] ?? ""}>
          {!isOnNew(action) && (
            <Flex gap={8} wrap>
              <Select<Permission["scope"]>
                aria-label={t("access.recordsOf", { action: name })}
                className={styles["select"] ?? ""}
                value={permission.scope}
                onChange={(scope) => onChange({ ...permission, scope })}
                options={[
                  { value: "all", label: t("access.allRecords") },
                  { value: "own", label: t("access.ownRecords") },
                  ...scopes
                    .filter(({ key }) => key !== "all" && key !== "own")
                    .map((scope) => ({ value: scope.id, label: scope.name })),
                ]}
              />
              <Button onClick={onNewScope}>{t("access.newScope")}</Button>
            </Flex>
          )}
          {action !== "destroy" && (
            <Select
              mode="multiple"
              aria-label={t("access.fieldsOf", { action: name })}
              placeholder={t("access.allFields")}
              allowClear
              value={permission.fields}
              onChange={(chosen) => onChange({ ...permission, fields: chosen })}
              showSearch={{ optionFilterProp: "label" }}
              options={fields.map((field) => ({ value: field.name, label: titleOf(t, field) }))}
            />
          )}
        </Flex>
      )}
    </div>
  );
}
