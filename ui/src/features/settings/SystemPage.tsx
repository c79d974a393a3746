/** What everybody sees of an application: title, logo, colour, languages. */
import { Button, Card, Checkbox, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useUpdateSettings } from "@/api/mutations/administration";
import { settings } from "@/api/queries/session";
import { Page } from "@/components/Page";
import { RefusedSentences } from "@/components/RefusedSentences";
import { useTold } from "@/components/told";
import { useRefusals } from "@/components/useRefusals";
import { ColorField } from "@/features/settings/ColorField";
import { LogoField } from "@/features/settings/LogoField";
import { ownName } from "@/lib/boot";
import { LANGUAGES, languageOf, languages, type Language } from "@/lib/languages";

interface Given {
  title: string;
  logo: string | null;
  color: string | null;
  appLang: Language | null;
  enabledLanguages: Language[];
}

const OPTIONS = languages.map((value) => ({ value, label: LANGUAGES[value].label }));

export default function SystemPage() {
  const { t } = useTranslation();
  const { data } = useSuspenseQuery(settings.get());
  const update = useUpdateSettings();
  const told = useTold();
  const [form] = Form.useForm<Given>();
  const refused = useRefusals(form);
  const title = Form.useWatch("title", form) || ownName;
  const given = data.enabledLanguages ?? [];
  const save = ({ enabledLanguages, appLang, ...rest }: Given) => {
    refused.clear();
    // Languages of other programs, which these pages have not, stay.
    const others = given.filter((tag) => !languageOf(tag));
    const chosen = new Set(
      [...(appLang ? [appLang] : []), ...enabledLanguages].map((name) => LANGUAGES[name].tag),
    );
    const offered = [...chosen, ...others];
    const body = {
      ...rest,
      appLang: appLang ? LANGUAGES[appLang].tag : null,
      enabledLanguages: offered.length > 0 ? offered : null,
    };
    update.mutate(body, { onSuccess: () => told.done(t("common.saved")), onError: refused.show });
  };
  return (
    <Page title={t("system.title")} hint={t("system.hint")}>
      <Card style={{ maxWidth: 720 }}>
        <Form<Given>
          form={form}
          layout="vertical"
          requiredMark={false}
          initialValues={{
            title: data.title ?? "",
            logo: data.logo,
            color: data.color ?? null,
            appLang: languageOf(data.appLang),
            enabledLanguages: languages.filter((name) => given.some((tag) => languageOf(tag) === name)),
          }}
          onFinish={save}
        >
          <RefusedSentences of={refused.others} />
          <Form.Item
            name="title"
            label={t("system.name")}
            rules={[{ required: true, whitespace: true, message: t("account.required") }, { max: 255 }]}
          >
            <Input autoComplete="off" />
          </Form.Item>
          <Form.Item name="logo" label={t("system.logo")} extra={t("system.logoHint")}>
            <LogoField name={title} />
          </Form.Item>
          <Form.Item name="color" label={t("system.color")}>
            <ColorField />
          </Form.Item>
          <Form.Item name="appLang" label={t("system.language")} extra={t("system.languageHint")}>
            <Select allowClear placeholder={t("common.none")} options={OPTIONS} style={{ maxWidth: 280 }} />
          </Form.Item>
          <Form.Item name="enabledLanguages" label={t("system.enabled")}>
            <Checkbox.Group options={OPTIONS} />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={update.isPending}>
            {t("common.save")}
          </Button>
        </Form>
      </Card>
    </Page>
  );
}
