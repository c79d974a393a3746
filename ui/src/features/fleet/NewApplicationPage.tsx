/** Add an application: the form, what the preflight says, then the job that makes it. */
import { Alert, App, Button, Card, Form, Typography } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { errorText } from "@/api/errors";
import type { Environment } from "@/api/fleet";
import { useCheckApplication, useCreateApplication } from "@/api/mutations/applications";
import { environments } from "@/api/queries/environments";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Shown } from "@/components/states";
import { ApplicationForm } from "@/features/fleet/form/ApplicationForm";
import type { Around } from "@/features/fleet/form/around";
import { asDialect } from "@/features/fleet/form/database";
import { Findings } from "@/features/fleet/form/Findings";
import { errorsOf, refusal, type FieldError, type Finding } from "@/features/fleet/form/findings";
import styles from "@/features/fleet/form/form.module.css";
import { sectionsOf, type Section } from "@/features/fleet/form/sections";
import { useSuggestion } from "@/features/fleet/form/suggest";
import { bodyOf, DEFAULTS, type Values } from "@/features/fleet/form/values";
import { jobs } from "@/api/queries/jobs";
import { Making } from "@/features/fleet/Making";

const SUGGESTED_AFTER_MS = 350;

/** Fills the id while the name is typed, until somebody types an id. */
function useId(form: ReturnType<typeof Form.useForm<Values>>[0]) {
  const suggest = useSuggestion();
  const own = useRef(false);
  const shown = Form.useWatch((values: Partial<Values>) => values.displayName ?? "", form);
  useEffect(() => {
    if (own.current) return;
    const timer = setTimeout(() => {
      void suggest(shown).then((id) => {
        if (!own.current && form.getFieldValue("displayName") === shown) form.setFieldValue("name", id);
      });
    }, SUGGESTED_AFTER_MS);
    return () => clearTimeout(timer);
  }, [shown, suggest, form]);
  const typed = () => {
    own.current = form.getFieldValue("name") !== "";
  };
  const complete = async (values: Values): Promise<Values> =>
    own.current ? values : { ...values, name: await suggest(values.displayName) };
  return { typed, complete };
}

function New({ around }: { around: Around }) {
  const { t } = useTranslation();
  const { notification } = App.useApp();
  const navigate = useNavigate();
  const [form] = Form.useForm<Values>();
  const [open, setOpen] = useState<Section[]>(around.environments.length > 1 ? ["running"] : []);
  const [findings, setFindings] = useState<readonly Finding[] | null>(null);
  const [adopt, setAdopt] = useState<string | null>(null);
  const check = useCheckApplication();
  const create = useCreateApplication();
  const finishing = useRef(false);
  const { typed, complete } = useId(form);
  useEffect(() => form.focusField("displayName"), [form]);

  const show = (fields: readonly FieldError[]) => {
    form.setFields(fields as Parameters<typeof form.setFields>[0]);
    setOpen((before) => [...new Set([...before, ...sectionsOf(fields.map(({ name }) => name))])]);
    const [first] = fields;
    if (first) form.scrollToField(first.name, { behavior: "smooth", block: "center" });
  };
  const refused = (error: unknown) => {
    const told = refusal(error);
    show(told.fields);
    setFindings(told.findings.length > 0 ? told.findings : null);
    if (told.fields.length + told.findings.length === 0) {
      notification.error({ title: t("errors.title"), description: errorText(t, error), role: "alert" });
    }
  };
  const asked = async (stamp: string | null) =>
    bodyOf(await complete(form.getFieldsValue(true) as Values), around.own, stamp);
  const checkWith = async (stamp: string | null) => {
    const fits = await form.validateFields().then(
      () => true,
      () => false,
    );
    if (!fits) {
      const wrong = form.getFieldsError().filter(({ errors }) => errors.length > 0);
      setOpen((before) => [...new Set([...before, ...sectionsOf(wrong.map(({ name }) => name))])]);
      return;
    }
    check.mutate(await asked(stamp), {
      onSuccess: ({ findings: found }) => {
        setFindings(found);
        show(errorsOf(found));
      },
      onError: refused,
    });
  };
  const finish = async () => {
    // Pressed twice, it makes one: what an id is proposed for is asked of the server before it is created.
    if (finishing.current || create.isPending) return;
    finishing.current = true;
    const body = await asked(adopt).finally(() => {
      finishing.current = false;
    });
    create.mutate(body, {
      onSuccess: ({ name, jobId }) =>
        void navigate({ to: "/settings/applications/new", search: { job: jobId, name }, replace: true }),
      onError: refused,
    });
  };
  return (
    <ApplicationForm
      form={form}
      initial={{ ...DEFAULTS, dialect: around.own }}
      around={around}
      open={open}
      onOpen={setOpen}
      onFinish={() => void finish()}
      onChange={() => setFindings(null)}
      onName={typed}
    >
      {adopt !== null && (
        <Alert
          type="info"
          showIcon
          style={{ marginTop: 16 }}
          title={t("appForm.adopting", { stamp: adopt })}
          description={t("appForm.adoptingHint")}
          action={
            <Button size="small" onClick={() => setAdopt(null)}>
              {t("appForm.adoptNot")}
            </Button>
          }
        />
      )}
      {findings && (
        <Findings
          findings={findings}
          onAdopt={
            form.getFieldValue("dbConnType") === "new_connection"
              ? (stamp) => {
                  setAdopt(stamp);
                  void checkWith(stamp);
                }
              : null
          }
        />
      )}
      <div className={styles["foot"]}>
        <Button type="primary" htmlType="submit" loading={create.isPending}>
          {t("common.create")}
        </Button>
        <Button loading={check.isPending} onClick={() => void checkWith(adopt)}>
          {t("appForm.check")}
        </Button>
        <LinkButton to="/settings/applications" look="text">
          {t("common.cancel")}
        </LinkButton>
        <Typography.Text type="secondary">{t("appForm.checkHint")}</Typography.Text>
      </div>
    </ApplicationForm>
  );
}

const around = (all: readonly Environment[]): Around => ({
  own: asDialect(all[0]?.dialect),
  environments: all,
  editing: false,
  movable: true,
});

export default function NewApplicationPage() {
  const { t } = useTranslation();
  const { job, name } = useSearch({ from: "/inside/settings/applications/new" });
  const found = useQuery(environments.list());
  const { data: made } = useQuery({ ...jobs.get(job ?? 0), enabled: job !== undefined });
  if (job !== undefined) {
    const ready = made?.status === "succeeded";
    return (
      <Page
        title={ready ? t("application.madeTitle") : t("application.making")}
        hint={ready ? undefined : t("application.makingHint")}
      >
        <Card style={{ maxWidth: 820 }}>
          <Making job={job} name={name ?? ""} />
        </Card>
      </Page>
    );
  }
  return (
    <Page title={t("appForm.title")} hint={t("appForm.hint")}>
      <Shown of={found}>{(all) => <New around={around(all)} />}</Shown>
    </Page>
  );
}
