import { ArrowUpOutlined } from "@ant-design/icons";
import {
  Alert,
  Button,
  Card,
  Descriptions,
  Flex,
  Progress,
  Tag,
  Typography,
  type DescriptionsProps,
} from "antd";
import { useTranslation } from "react-i18next";
import type { Application, Failure } from "@/api/fleet";
import { Ago } from "@/components/Ago";
import { failedPlugins, possible } from "@/components/status";
import { DIALECT_NAMES } from "@/features/fleet/form/database";
import { split } from "@/features/fleet/form/duration";
import { Making } from "@/features/fleet/Making";
import styles from "@/features/fleet/page/page.module.css";
import { StatusIn } from "@/features/fleet/Status";
import type { Deeds } from "@/features/fleet/useDeeds";
import { duration, moment, number } from "@/lib/format";

type Items = NonNullable<DescriptionsProps["items"]>;

interface Given {
  application: Application;
  deeds: Deeds;
}

/** Why it does not come up, and what to do. No step has failed where it only waits for an upgrade. */
function Down({ application, deeds, failure }: Given & { failure: Failure }) {
  const { t } = useTranslation();
  const older = failure.step === "";
  const where = older
    ? t("fleet.inEnvironment", { name: failure.environment })
    : t("application.failedAt", { environment: failure.environment, step: failure.step });
  return (
    <Alert
      type="error"
      showIcon
      title={t("application.failed")}
      description={
        <Flex vertical gap={4}>
          <span style={{ overflowWrap: "anywhere" }}>{failure.message}</span>
          <Typography.Text type="secondary">
            {where}
            {failure.since && ` · ${moment(failure.since)}`}
          </Typography.Text>
          {application.jobId === null && (
            <span>{t(older ? "application.upgradeHint" : "application.fixHint")}</span>
          )}
          {older && (
            <div>
              <Button
                icon={<ArrowUpOutlined />}
                loading={deeds.busy(application.name)}
                disabled={!possible(application).upgrade}
                onClick={() => deeds.run("upgrade", application)}
              >
                {t("fleet.verb.upgrade")}
              </Button>
            </div>
          )}
        </Flex>
      }
    />
  );
}

/** What is being done, what went wrong, and what waits: whatever asks for attention. */
function Attention({ application, deeds }: Given) {
  const { t } = useTranslation();
  const { doing, failure, waitsFor, wanted } = application;
  const lacking = application.status === "running" ? failedPlugins(application) : [];
  return (
    <>
      {wanted === "deleted" && <Alert type="warning" showIcon title={t("application.deletedNote")} />}
      {failure && <Down application={application} deeds={deeds} failure={failure} />}
      {lacking.length > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t("fleet.lacks", { names: lacking.join(", ") })}
          description={t("application.degradedHint")}
        />
      )}
      {waitsFor && <Alert type="warning" showIcon title={waitsFor} />}
      {doing && (
        <Alert
          type="info"
          showIcon
          title={doing.message}
          description={
            doing.progress !== null && (
              <Progress percent={Math.round(doing.progress * 100)} aria-label={t("fleet.progress")} />
            )
          }
        />
      )}
    </>
  );
}

/** Where its data are, as far as anything was said of it. */
function useDatabase(application: Application): string {
  const { t } = useTranslation();
  const { dbConnType, database } = application.options;
  const dialect = database.dialect;
  const { host, port } = database;
  const place = host === undefined ? undefined : port === undefined ? host : `${host}:${port}`;
  const inside = [database.database, database.schema, database.storage].filter(Boolean).join(" / ");
  return [dialect && DIALECT_NAMES[dialect], place, inside || t(`appForm.connections.${dbConnType}`)]
    .filter(Boolean)
    .join(" · ");
}

function Facts({ application }: { application: Application }) {
  const { t } = useTranslation();
  const { addresses, version, options, wanted, createdAt, lastVisitAt, labels } = application;
  const database = useDatabase(application);
  const { amount, unit } = split(options.sleepAfter ?? null);
  const items: Items = [
    {
      key: "addresses",
      label: t("application.addresses"),
      children: (
        <ul className={styles["lines"]}>
          {addresses.map((address) => (
            <li key={address}>
              <Typography.Text copyable={{ text: address }}>
                <a href={address} target="_blank" rel="noopener noreferrer">
                  {address}
                </a>
              </Typography.Text>
            </li>
          ))}
        </ul>
      ),
    },
    { key: "database", label: t("application.database"), children: database },
    { key: "version", label: t("application.version"), children: version ?? "–" },
    { key: "wanted", label: t("application.wanted"), children: t(`application.wantedStates.${wanted}`) },
    {
      key: "start",
      label: t("application.startMode"),
      children: t(`appForm.startModes.${options.startMode}`),
    },
    {
      key: "sleep",
      label: t("application.sleep"),
      children:
        amount === null
          ? t("appForm.neverSleeps")
          : t("appForm.sleepsAfter", { amount, unit: t(`appForm.units.${unit}`) }),
    },
    { key: "created", label: t("application.created"), children: moment(createdAt) },
    { key: "visit", label: t("application.lastVisit"), children: <Ago at={lastVisitAt} /> },
    ...(labels.length > 0
      ? [
          {
            key: "labels",
            label: t("appForm.labels"),
            children: labels.map((label) => <Tag key={label}>{label}</Tag>),
          },
        ]
      : []),
  ];
  return (
    <Descriptions column={1} colon={false} size="small" items={items} styles={{ label: { width: 140 } }} />
  );
}

function Visits({ application }: { application: Application }) {
  const { t } = useTranslation();
  const { requests, errors, latency } = application;
  const ms = (value: number | null): string => (value === null ? "–" : duration(value));
  const items: Items = [
    { key: "requests", label: t("application.requests"), children: number(requests) },
    { key: "errors", label: t("application.errors"), children: number(errors) },
    { key: "p50", label: t("application.median"), children: ms(latency.p50) },
    { key: "p95", label: t("application.p95"), children: ms(latency.p95) },
  ];
  return (
    <Descriptions column={1} colon={false} size="small" items={items} styles={{ label: { width: 140 } }} />
  );
}

function Places({ application }: { application: Application }) {
  return (
    <ul className={styles["lines"]}>
      {Object.entries(application.statuses).map(([place, observed]) => (
        <li key={place}>
          <Flex justify="space-between" gap={8} align="center">
            <span>{place}</span>
            <StatusIn {...{ application, place, observed }} />
          </Flex>
        </li>
      ))}
    </ul>
  );
}

export function OverviewTab({ application, deeds }: Given) {
  const { t } = useTranslation();
  return (
    <Flex vertical gap={16}>
      <Attention application={application} deeds={deeds} />
      {application.jobId !== null && (
        <Card title={t("application.makingNow")}>
          <Making job={application.jobId} name={application.name} there />
        </Card>
      )}
      <div className={styles["grid"]}>
        <Card title={t("application.facts")}>
          <Facts application={application} />
        </Card>
        <Flex vertical gap={16}>
          <Card title={t("application.environments")}>
            <Places application={application} />
          </Card>
          <Card title={t("application.visits")}>
            <Visits application={application} />
          </Card>
        </Flex>
      </div>
    </Flex>
  );
}
