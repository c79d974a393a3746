/** One environment: who it is, how it is, what it carries. */
import {
  CheckCircleFilled,
  CloseCircleFilled,
  LockOutlined,
  UnlockOutlined,
  WarningFilled,
} from "@ant-design/icons";
import { Alert, Progress, Typography } from "antd";
import type { ComponentType, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Environment } from "@/api/fleet";
import { Ago } from "@/components/Ago";
import { number, percent } from "@/lib/format";
import styles from "@/features/fleet/environments.module.css";

const LOOKS: Record<Environment["state"], { icon: ComponentType<{ className?: string }>; color: string }> = {
  online: { icon: CheckCircleFilled, color: "good" },
  suspect: { icon: WarningFilled, color: "odd" },
  offline: { icon: CloseCircleFilled, color: "bad" },
};

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles["fact"]}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function EnvironmentCard({ environment, forget }: { environment: Environment; forget: ReactNode }) {
  const { t } = useTranslation();
  const { name, state, load, applications, placed, capacity, secured, failure, warning } = environment;
  const { icon: Icon, color } = LOOKS[state];
  return (
    <li className={styles["card"]}>
      <div className={styles["top"]}>
        <h2 className={styles["name"]}>{name}</h2>
        <span className={styles["state"]}>
          <Icon className={styles[color] ?? ""} /> {t(`fleet.state.${state}`)}
        </span>
        {forget}
      </div>
      {failure && <Alert type="error" showIcon title={failure} />}
      {warning && <Alert type="warning" showIcon title={warning} />}
      <dl className={styles["facts"]}>
        <Fact name={t("fleet.applications")}>
          {t("fleet.runOf", { running: number(applications), placed: number(placed) })}
          {capacity !== null && (
            <Progress
              percent={Math.min(100, Math.round((placed / capacity) * 100))}
              size="small"
              status={placed >= capacity ? "exception" : "normal"}
              format={() => t("fleet.room", { placed: number(placed), capacity: number(capacity) })}
              aria-label={t("fleet.capacity")}
            />
          )}
        </Fact>
        {load.cpu !== undefined && <Fact name={t("fleet.cpu")}>{percent(load.cpu)}</Fact>}
        {load.memoryMb !== undefined && (
          <Fact name={t("fleet.memory")}>{t("fleet.megabytes", { size: number(load.memoryMb, 0) })}</Fact>
        )}
        {load.connections !== undefined && (
          <Fact name={t("fleet.connections")}>{number(load.connections, 0)}</Fact>
        )}
        <Fact name={t("fleet.version")}>{environment.appVersion || "–"}</Fact>
        <Fact name={t("fleet.heartbeat")}>
          {environment.lastHeartbeatAt === null ? t("fleet.here") : <Ago at={environment.lastHeartbeatAt} />}
        </Fact>
        <Fact name={t("fleet.secured")}>
          {secured ? <LockOutlined /> : <UnlockOutlined />} {t(secured ? "fleet.isSecured" : "fleet.isOpen")}
        </Fact>
        {environment.url && (
          <Fact name={t("fleet.address")}>
            <Typography.Link href={environment.url} target="_blank" rel="noopener noreferrer">
              {environment.url}
            </Typography.Link>
          </Fact>
        )}
        {environment.proxyUrl && environment.proxyUrl !== environment.url && (
          <Fact name={t("fleet.proxyAddress")}>
            <code>{environment.proxyUrl}</code>
          </Fact>
        )}
      </dl>
    </li>
  );
}
