import { Button, Flex, Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { useQueryClient } from "@tanstack/react-query";
import { applications } from "@/api/queries/applications";
import { CLEARABLE } from "@/components/clearable";
import { Mark } from "@/components/Mark";
import { brokenRule, LONGEST_NAME } from "@/features/fleet/form/names";
import type { Values } from "@/features/fleet/form/values";
import { boot } from "@/lib/boot";

const SUGGESTED = ["🛒", "📦", "📋", "👥", "💶", "🏭", "🚚", "🗓️", "📈", "🎓", "🏥", "🌱"] as const;
const CHECKED_AFTER_MS = 300;

function IconField() {
  const { t } = useTranslation();
  const form = Form.useFormInstance<Values>();
  const icon = Form.useWatch("icon", form);
  const shown = Form.useWatch("displayName", form);
  return (
    <Form.Item label={t("appForm.icon")} htmlFor="icon" extra={t("appForm.iconHint")}>
      <Flex gap={8} align="center">
        <Mark name={shown || "?"} icon={icon} size={32} />
        <Form.Item name="icon" noStyle rules={[{ max: 255 }]}>
          <Input allowClear={CLEARABLE} autoComplete="off" style={{ maxWidth: 320 }} />
        </Form.Item>
      </Flex>
      <Flex wrap style={{ marginTop: 4 }} role="group" aria-label={t("appForm.iconSuggested")}>
        {SUGGESTED.map((emoji) => (
          <Button
            key={emoji}
            type="text"
            size="small"
            aria-label={t("appForm.iconUse", { emoji })}
            onClick={() => form.setFieldValue("icon", emoji)}
          >
            {emoji}
          </Button>
        ))}
      </Flex>
    </Form.Item>
  );
}

/** The name that people see, the id, and the icon. `onName` hears of an id that was typed by hand. */
export function IdentityFields({ editing, onName }: { editing: boolean; onName: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const form = Form.useFormInstance<Values>();
  const name = Form.useWatch("name", form);
  const free = async (_: unknown, value: string): Promise<void> => {
    if (editing || !value || brokenRule(value)) return;
    const found = await client.query({ ...applications.get(value), retry: false }).catch(() => null);
    if (!found) return;
    throw new Error(t(found.wanted === "deleted" ? "appForm.nameOfDeleted" : "appForm.nameTaken"));
  };
  const ruled = (_: unknown, value: string): Promise<void> => {
    const rule = brokenRule(value);
    return rule ? Promise.reject(new Error(t(`appForm.nameRules.${rule}`))) : Promise.resolve();
  };
  const address = boot.base.replace(/[^/]*$/, "") + `apps/${name || "…"}/`;
  return (
    <>
      <Form.Item
        name="displayName"
        label={t("appForm.displayName")}
        extra={t("appForm.displayNameHint")}
        rules={[{ required: true, whitespace: true, message: t("appForm.displayNameMissing") }, { max: 255 }]}
      >
        <Input autoComplete="off" placeholder={t("appForm.displayNameSuch")} />
      </Form.Item>
      <Form.Item
        name="name"
        label={t("appForm.name")}
        extra={editing ? t("appForm.nameFixed") : t("appForm.nameHint", { address })}
        validateDebounce={CHECKED_AFTER_MS}
        validateFirst
        hasFeedback={!editing && Boolean(name)}
        rules={editing ? [] : [{ validator: ruled }, { validator: free }]}
      >
        <Input
          disabled={editing}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={LONGEST_NAME + 1}
          placeholder={t("appForm.nameMade")}
          onChange={onName}
        />
      </Form.Item>
      <IconField />
    </>
  );
}
