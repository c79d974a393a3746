import { LockOutlined, UserOutlined } from "@ant-design/icons";
import { Alert, Button, Form, Input, Typography } from "antd";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { errorText } from "@/api/errors";
import { useSignIn, type Credentials } from "@/api/mutations/session";
import { settings } from "@/api/queries/session";
import { comesBack } from "@/api/session-end";
import { Mark } from "@/components/Mark";
import { LanguageSelect } from "@/components/LanguageSelect";
import { chosenBy } from "@/components/chosen";
import { boot, ownName } from "@/lib/boot";
import { keep } from "@/lib/kept";
import { keepLanguage } from "@/lib/kept-language";
import { endRole } from "@/lib/role";
import styles from "@/features/auth/SignInPage.module.css";

/** Where to go after signing in: only ever a page of this application. */
export function landing(redirect: string | undefined): string {
  return redirect && /^\/(?![/\\])/.test(redirect) ? redirect : "/";
}

export default function SignInPage() {
  const { t } = useTranslation();
  const { redirect } = useSearch({ from: "/signin" });
  const { data } = useQuery(settings.get());
  const signIn = useSignIn();
  const name = data?.title ?? ownName;
  useEffect(() => {
    document.title = t("auth.title", { name });
  }, [t, name]);
  // Whoever signs in next does not see through the role of who was here before.
  useEffect(endRole, []);
  const finish = (given: Credentials) =>
    signIn.mutate(given, {
      onSuccess: ({ user }) => {
        // So that the fresh page begins with what is theirs.
        const { language, theme } = chosenBy(user);
        if (language !== null) keepLanguage(language);
        if (theme !== null) keep("theme", theme);
        location.replace(`${boot.base}${comesBack(user) ? landing(redirect) : "/"}`);
      },
    });
  return (
    <main className={styles["page"]}>
      <div className={styles["card"]}>
        <Mark name={name} icon={data?.logo} size={44} />
        <Typography.Title level={1} className={styles["title"] ?? ""}>
          {t("auth.title", { name })}
        </Typography.Title>
        {signIn.error && <Alert type="error" showIcon title={errorText(t, signIn.error)} role="alert" />}
        <Form<Credentials> layout="vertical" requiredMark={false} onFinish={finish} size="large">
          <Form.Item
            name="account"
            label={t("auth.account")}
            rules={[{ required: true, whitespace: true, message: t("auth.accountMissing") }]}
          >
            <Input
              prefix={<UserOutlined />}
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
            />
          </Form.Item>
          <Form.Item
            name="password"
            label={t("auth.password")}
            rules={[{ required: true, message: t("auth.passwordMissing") }]}
          >
            <Input.Password prefix={<LockOutlined />} autoComplete="current-password" />
          </Form.Item>
          <Button type="primary" htmlType="submit" block loading={signIn.isPending}>
            {t("auth.signIn")}
          </Button>
        </Form>
        <Typography.Text type="secondary">{t("auth.forgotten")}</Typography.Text>
        {!boot.main && (
          <>
            <Typography.Text type="secondary">{t("auth.firstHere")}</Typography.Text>
            {boot.mainApi !== null && <a href="/admin/">{t("auth.toMain")}</a>}
          </>
        )}
      </div>
      <LanguageSelect />
    </main>
  );
}
