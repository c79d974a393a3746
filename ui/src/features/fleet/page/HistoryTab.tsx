import { Table, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { applications } from "@/api/queries/applications";
import { Ago } from "@/components/Ago";
import { REACHED } from "@/components/reached";
import { Nothing, Shown } from "@/components/states";
import { StatusTag } from "@/components/StatusTag";
import type { Happened } from "@/api/fleet";

const PAGE = 20;

/** Whether the reason is all that there is to say: such as of an upgrade, after which it is to be what it was. */
const isDeed = ({ observed, wanted }: Happened): boolean => !observed && !wanted;

/** What was asked for, or what was seen. */
function What({ event }: { event: Happened }) {
  const { t } = useTranslation();
  if (event.observed) return <StatusTag status={event.observed} />;
  if (isDeed(event)) {
    const said = event.reason ?? "";
    return <Typography.Text>{said.charAt(0).toUpperCase() + said.slice(1)}</Typography.Text>;
  }
  if (!event.wanted) return null;
  const word = t(`application.wantedStates.${event.wanted}`);
  return <Typography.Text>{t("application.wantedNow", { word })}</Typography.Text>;
}

/** States with their reasons, and who asked for them; newest first. */
export function HistoryTab({ name }: { name: string }) {
  const { t } = useTranslation();
  const [page, setPage] = useState(1);
  const found = useQuery(applications.history(name, page, PAGE));
  return (
    <Shown of={found}>
      {({ rows, meta }) => (
        <Table
          rowKey="id"
          size="middle"
          aria-label={t("application.tabs.history")}
          dataSource={rows}
          scroll={{ x: 720 }}
          components={REACHED}
          locale={{
            emptyText: <Nothing title={t("application.noHistory")} hint={t("application.noHistoryHint")} />,
          }}
          columns={[
            { title: t("application.at"), width: 160, render: (_, { at }) => <Ago at={at} /> },
            { title: t("application.what"), width: 220, render: (_, event) => <What event={event} /> },
            {
              title: t("application.reason"),
              render: (_, event) => (
                <>
                  {!isDeed(event) && event.reason}
                  {event.requestId && (
                    <Typography.Text type="secondary" style={{ display: "block" }}>
                      {t("common.requestId", { id: event.requestId })}
                    </Typography.Text>
                  )}
                </>
              ),
            },
            { title: t("application.who"), width: 180, dataIndex: "actor" },
            { title: t("application.environment"), width: 140, dataIndex: "environment" },
          ]}
          pagination={{
            current: page,
            pageSize: PAGE,
            total: meta.count ?? rows.length,
            hideOnSinglePage: true,
            showSizeChanger: false,
            onChange: setPage,
          }}
        />
      )}
    </Shown>
  );
}
