import { Flex, Table } from "antd";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { figures, type Minute } from "@/api/queries/figures";
import { REACHED } from "@/components/reached";
import { Nothing, Shown } from "@/components/states";
import { Bars } from "@/features/fleet/page/Bars";
import styles from "@/features/fleet/page/page.module.css";
import { clock, duration, number } from "@/lib/format";

const sum = (minutes: readonly Minute[], of: "requests" | "errors"): number =>
  minutes.reduce((all, minute) => all + minute[of], 0);

function Charts({ minutes }: { minutes: readonly Minute[] }) {
  const { t } = useTranslation();
  const total = (of: "requests" | "errors") => t("application.total", { value: number(sum(minutes, of)) });
  const slowest = Math.max(0, ...minutes.map(({ p95Ms }) => p95Ms ?? 0));
  return (
    <>
      <div className={styles["grid"]}>
        <Bars
          title={t("application.perMinute.requests")}
          summary={total("requests")}
          bars={minutes.map(({ at, requests }) => ({ at, value: requests }))}
          say={number}
        />
        <Bars
          title={t("application.perMinute.errors")}
          summary={total("errors")}
          bars={minutes.map(({ at, errors }) => ({ at, value: errors }))}
          say={number}
          tone="bad"
        />
        <Bars
          title={t("application.perMinute.latency")}
          summary={t("application.highest", { value: duration(slowest) })}
          bars={minutes.map(({ at, p95Ms }) => ({ at, value: p95Ms }))}
          say={duration}
          tone="calm"
        />
      </div>
      <details className={styles["details"]}>
        <summary>{t("application.asTable")}</summary>
        <Table
          rowKey="at"
          size="small"
          aria-label={t("application.lastHour")}
          pagination={false}
          scroll={{ x: 480 }}
          components={REACHED}
          dataSource={minutes.filter(({ requests }) => requests > 0).toReversed()}
          columns={[
            { title: t("application.minute"), render: (_, { at }) => clock(at) },
            { title: t("application.requests"), align: "right", render: (_, row) => number(row.requests) },
            { title: t("application.errors"), align: "right", render: (_, row) => number(row.errors) },
            {
              title: t("application.median"),
              align: "right",
              render: (_, { p50Ms }) => p50Ms !== null && duration(p50Ms),
            },
            {
              title: t("application.p95"),
              align: "right",
              render: (_, { p95Ms }) => p95Ms !== null && duration(p95Ms),
            },
          ]}
        />
      </details>
    </>
  );
}

/** Requests, errors and latency of the last hour. */
export function FiguresTab({ name }: { name: string }) {
  const { t } = useTranslation();
  const found = useQuery(figures.traffic(name));
  return (
    <Shown of={found}>
      {(minutes) =>
        minutes.some(({ requests }) => requests > 0) ? (
          <Flex vertical>
            <Charts minutes={minutes} />
          </Flex>
        ) : (
          <Nothing title={t("application.noFigures")} hint={t("application.noFiguresHint")} />
        )
      }
    </Shown>
  );
}
