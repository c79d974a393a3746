/** How people come in: its domain, who is let in, and in which language and time zone it speaks to them. */
import { Alert, Form, Input, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { CLEARABLE } from "@/components/clearable";
import type { Around } from "@/features/fleet/form/around";
import styles from "@/features/fleet/form/form.module.css";
import { isDomain } from "@/features/fleet/form/names";
import type { Values } from "@/features/fleet/form/values";
import { LANGUAGES, languages } from "@/lib/languages";

const ZONES = Intl.supportedValuesOf("timeZone").map((value) => ({
  value,
  label: value.replaceAll("_", " "),
}));
const TONGUES: readonly { value: string; label: string }[] = languages.map((each) => ({
  value: LANGUAGES[each].tag,
  label: LANGUAGES[each].label,
}));

interface Props {
  around: Around;
  /** What it has now: a language that these pages have not can stay. */
  before: Pick<Values, "lang">;
}

export function AccessFields({ around, before }: Props) {
  const { t } = useTranslation();
  const form = Form.useFormInstance<Values>();
  const shared = Form.useWatch("shareSession", form);
  const hint = (sentence: string): string =>
    around.editing ? `${sentence} ${t("appForm.fromNextStart")}` : sentence;
  const known = TONGUES.some(({ value }) => value === before.lang);
  return (
    <>
      <Form.Item
        name="cname"
        label={t("appForm.cname")}
        extra={t("appForm.cnameHint")}
        rules={[
          {
            validator: (_, value: string) =>
              !value || isDomain(value.trim())
                ? Promise.resolve()
                : Promise.reject(new Error(t("appForm.cnameWrong"))),
          },
        ]}
      >
        <Input
          allowClear={CLEARABLE}
          placeholder="shop.example.com"
          inputMode="url"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
      </Form.Item>
      <Form.Item
        name="shareSession"
        label={t("appForm.shareSession")}
        extra={hint(t("appForm.shareSessionHint"))}
        valuePropName="checked"
      >
        <Switch />
      </Form.Item>
      {shared && (
        <Alert
          type="info"
          showIcon
          title={t("appForm.shareSessionNote")}
          description={t("appForm.shareSessionWhy")}
          className={styles["note"] ?? ""}
        />
      )}
      <Form.Item name="lang" label={t("appForm.lang")} extra={hint(t("appForm.langHint"))}>
        <Select
          allowClear
          placeholder={t("appForm.asMain")}
          style={{ maxWidth: 320 }}
          options={
            before.lang === null || known
              ? [...TONGUES]
              : [{ value: before.lang, label: before.lang }, ...TONGUES]
          }
        />
      </Form.Item>
      <Form.Item name="timezone" label={t("appForm.timezone")} extra={hint(t("appForm.timezoneHint"))}>
        <Select
          showSearch
          allowClear
          placeholder={t("appForm.asMain")}
          style={{ maxWidth: 320 }}
          options={ZONES}
        />
      </Form.Item>
    </>
  );
}
