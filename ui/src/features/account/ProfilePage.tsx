import { Button, Card, Flex, Form, Input, Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useChangePassword, useUpdateProfile, type Profile } from "@/api/mutations/session";
import { session } from "@/api/queries/session";
import type { ThemeChoice } from "@/api/types";
import { useOffered } from "@/components/languages";
import { useOwnAppearance } from "@/components/own-appearance";
import { Page } from "@/components/Page";
import { RefusedSentences } from "@/components/RefusedSentences";
import { useTold } from "@/components/told";
import { useRefusals } from "@/components/useRefusals";
import { LANGUAGES, type Language } from "@/lib/languages";

function You() {
  const { t } = useTranslation();
  const { data: user } = useSuspenseQuery(session.user());
  const update = useUpdateProfile();
  const told = useTold();
  const [form] = Form.useForm<Profile>();
  const refused = useRefusals(form);
  const save = (given: Profile) => {
    refused.clear();
    update.mutate(given, { onSuccess: () => told.done(t("common.saved")), onError: refused.show });
  };
  return (
    <Card title={t("account.you")}>
      <Form<Profile> form={form} layout="vertical" initialValues={user} onFinish={save}>
        <RefusedSentences of={refused.others} />
        <Form.Item name="nickname" label={t("account.nickname")} rules={[{ max: 255 }]}>
          <Input autoComplete="name" />
        </Form.Item>
        <Form.Item name="username" label={t("account.username")} rules={[{ max: 50 }]}>
          <Input autoComplete="username" spellCheck={false} />
        </Form.Item>
        <Form.Item
          name="email"
          label={t("account.email")}
          rules={[{ type: "email", message: t("account.emailWrong") }]}
        >
          <Input type="email" autoComplete="email" />
        </Form.Item>
        <Form.Item name="phone" label={t("account.phone")} rules={[{ max: 50 }]}>
          <Input type="tel" autoComplete="tel" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={update.isPending}>
          {t("common.save")}
        </Button>
      </Form>
    </Card>
  );
}

function Looks() {
  const { t } = useTranslation();
  const { theme, chooseTheme, language, chooseLanguage } = useOwnAppearance();
  const offeredLanguages = useOffered(language);
  return (
    <Card title={t("account.appearance")}>
      <Form layout="vertical">
        <Form.Item label={t("shell.theme")}>
          <Segmented<ThemeChoice>
            aria-label={t("shell.theme")}
            value={theme}
            onChange={chooseTheme}
            options={[
              { value: "light", label: t("shell.light") },
              { value: "dark", label: t("shell.dark") },
              { value: "system", label: t("shell.system") },
            ]}
          />
        </Form.Item>
        <Form.Item label={t("shell.language")}>
          <Segmented<Language>
            aria-label={t("shell.language")}
            value={language}
            onChange={chooseLanguage}
            options={offeredLanguages.map((value) => ({ value, label: LANGUAGES[value].label }))}
          />
        </Form.Item>
      </Form>
    </Card>
  );
}

interface Passwords {
  oldPassword: string;
  newPassword: string;
  confirmPassword: string;
}

function Password() {
  const { t } = useTranslation();
  const change = useChangePassword();
  const told = useTold();
  const [form] = Form.useForm<Passwords>();
  const required = [{ required: true, message: t("account.required") }];
  const refused = useRefusals(form);
  const save = (given: Passwords) => {
    refused.clear();
    change.mutate(given, {
      onSuccess: () => {
        form.resetFields();
        told.done(t("account.passwordChanged"));
      },
      onError: refused.show,
    });
  };
  return (
    <Card title={t("account.password")}>
      <Form<Passwords> layout="vertical" form={form} onFinish={save} requiredMark={false}>
        <RefusedSentences of={refused.others} />
        <Form.Item name="oldPassword" label={t("account.oldPassword")} rules={required}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item name="newPassword" label={t("account.newPassword")} rules={required}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="confirmPassword"
          label={t("account.again")}
          dependencies={["newPassword"]}
          rules={[
            ...required,
            ({ getFieldValue }) => ({
              validator: (_, value: string) =>
                !value || value === getFieldValue("newPassword")
                  ? Promise.resolve()
                  : Promise.reject(new Error(t("account.different"))),
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Button htmlType="submit" loading={change.isPending}>
          {t("account.changePassword")}
        </Button>
      </Form>
    </Card>
  );
}

export default function ProfilePage() {
  const { t } = useTranslation();
  return (
    <Page title={t("account.title")} hint={t("account.hint")}>
      <Flex vertical gap={16} style={{ maxWidth: 640 }}>
        <You />
        <Looks />
        <Password />
      </Flex>
    </Page>
  );
}
