/** The places where applications run, and how they are. */
import { Button, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { TOPICS } from "@/api/fleet";
import { useLive } from "@/api/live";
import { useForget } from "@/api/mutations/environments";
import { environments } from "@/api/queries/environments";
import { Page } from "@/components/Page";
import { Nothing, Shown } from "@/components/states";
import { useTold } from "@/components/told";
import { EnvironmentCard } from "@/features/fleet/EnvironmentCard";
import styles from "@/features/fleet/environments.module.css";

/** Heartbeats and load are told by nobody: they are read anew. */
const BEAT_MS = 10_000;

export default function EnvironmentsPage() {
  const { t } = useTranslation();
  const told = useTold();
  const answer = useQuery({ ...environments.list(), refetchInterval: BEAT_MS });
  useLive(TOPICS.environments, environments.all);
  useLive(TOPICS.applications, environments.all);
  const forget = useForget();
  const [asked, ask] = useState<string | null>(null);
  const confirmed = () => {
    if (asked === null) return;
    forget.mutate(asked, {
      onSuccess: () => {
        told.done(t("fleet.forgot", { name: asked }));
        ask(null);
      },
      onError: told.failed,
    });
  };
  return (
    <Page title={t("fleet.environments")} hint={t("fleet.environmentsHint")}>
      <Shown of={answer}>
        {(all) =>
          all.length === 0 ? (
            <Nothing title={t("fleet.noEnvironments")} hint={t("fleet.noEnvironmentsHint")} />
          ) : (
            <ul className={styles["grid"]}>
              {all.map((environment) => (
                <EnvironmentCard
                  key={environment.name}
                  environment={environment}
                  forget={
                    environment.state === "offline" && (
                      <Button size="small" danger onClick={() => ask(environment.name)}>
                        {t("fleet.forget")}
                      </Button>
                    )
                  }
                />
              ))}
            </ul>
          )
        }
      </Shown>
      <Modal
        open={asked !== null}
        title={t("fleet.forgetAsk", { name: asked ?? "" })}
        okText={t("fleet.forget")}
        okButtonProps={{ danger: true, loading: forget.isPending }}
        cancelText={t("common.cancel")}
        onOk={confirmed}
        onCancel={() => ask(null)}
      >
        {t("fleet.forgetMeans")}
      </Modal>
    </Page>
  );
}
