/** What of an application can be changed: only what was changed is sent, and what needs a restart is said. */
import { Alert, Button, Form, Typography } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import type { Application, Environment } from "@/api/fleet";
import { useUpdateApplication, useVerb } from "@/api/mutations/applications";
import { environments } from "@/api/queries/environments";
import { Shown } from "@/components/states";
import { mayMove } from "@/components/status";
import { useTold } from "@/components/told";
import { useLeave } from "@/components/useLeave";
import { ApplicationForm } from "@/features/fleet/form/ApplicationForm";
import { asDialect } from "@/features/fleet/form/database";
import { refusal } from "@/features/fleet/form/findings";
import styles from "@/features/fleet/form/form.module.css";
import { SECTIONS, sectionsOf, type Section } from "@/features/fleet/form/sections";
import { changesOf, needsRestart, valuesOf, type Body, type Values } from "@/features/fleet/form/values";

/** How many things are changed: each option counts. */
const count = ({ options, ...rest }: Body): number =>
  Object.keys(rest).length + Object.keys(options ?? {}).length;

interface Props {
  application: Application;
  all: readonly Environment[];
  /** Asked for after saving something that counts from the next start. */
  onRestartDue: () => void;
}

function Edit({ application, all, onRestartDue }: Props) {
  const { t } = useTranslation();
  const told = useTold();
  const [form] = Form.useForm<Values>();
  const [open, setOpen] = useState<Section[]>([...SECTIONS]);
  const update = useUpdateApplication();
  const first = all.find(({ name }) => name === application.environments[0]) ?? all[0];
  const around = {
    own: asDialect(first?.dialect),
    environments: all,
    editing: true,
    movable: mayMove(application, all),
  };
  const there = valuesOf(application, around.own);
  // What others change meanwhile is none of this person's changes: it is not sent back as it was.
  const [before, setBefore] = useState(there);
  const watched = Form.useWatch((values: Values) => values, { form, preserve: true });
  const changes = changesOf(before, { ...before, ...watched });
  const changed = count(changes);
  useLeave(changed > 0 && !update.isPending);
  if (changed === 0 && JSON.stringify(before) !== JSON.stringify(there)) setBefore(there);
  useEffect(() => form.setFieldsValue(before), [before, form]);

  const save = () => {
    update.mutate(
      { name: application.name, changes },
      {
        onSuccess: (saved) => {
          told.done(t("common.saved"));
          setBefore(valuesOf(saved ?? application, around.own));
          if (needsRestart(changes) && application.status === "running") onRestartDue();
        },
        onError: (error) => {
          const { fields } = refusal(error);
          form.setFields(fields as Parameters<typeof form.setFields>[0]);
          setOpen((now) => [...new Set([...now, ...sectionsOf(fields.map(({ name }) => name))])]);
          if (fields.length === 0) told.failed(error);
        },
      },
    );
  };
  return (
    <ApplicationForm
      form={form}
      initial={before}
      around={around}
      open={open}
      onOpen={setOpen}
      onFinish={() => changed > 0 && save()}
    >
      <div className={styles["foot"]}>
        <Button type="primary" htmlType="submit" disabled={changed === 0} loading={update.isPending}>
          {t("appForm.save")}
        </Button>
        {changed > 0 && <Button onClick={() => setBefore(there)}>{t("appForm.discard")}</Button>}
        <Typography.Text type="secondary">
          {changed === 0 ? t("appForm.nothingChanged") : t("appForm.changed", { count: changed })}
        </Typography.Text>
      </div>
    </ApplicationForm>
  );
}

export function SettingsTab({ application }: { application: Application }) {
  const { t } = useTranslation();
  const told = useTold();
  const found = useQuery(environments.list());
  const verb = useVerb();
  const [due, setDue] = useState(false);
  const restart = () =>
    verb.mutate(
      { name: application.name, verb: "restart" },
      { onSuccess: () => setDue(false), onError: told.failed },
    );
  return (
    <>
      {due && (
        <Alert
          type="info"
          showIcon
          className={styles["note"] ?? ""}
          title={t("appForm.savedRestart")}
          action={
            <Button size="small" type="primary" loading={verb.isPending} onClick={restart}>
              {t("appForm.restart")}
            </Button>
          }
        />
      )}
      <Shown of={found}>
        {(all) => <Edit application={application} all={all} onRestartDue={() => setDue(true)} />}
      </Shown>
    </>
  );
}
