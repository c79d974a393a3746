import { Drawer, Flex, Progress, Segmented, Table, Typography, type TableColumnsType } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useLiveJobs } from "@/api/jobs-live";
import { isUnderWay, jobs, UNDER_WAY, type JobShown, type JobStatus } from "@/api/queries/jobs";
import { JobStatusTag } from "@/components/JobStatusTag";
import { Page } from "@/components/Page";
import { Nothing, Shown } from "@/components/states";
import { useLastPage } from "@/components/useLastPage";
import { JobDetails } from "@/features/jobs/JobDetails";
import { ago, moment } from "@/lib/format";

export type Which = "all" | "busy" | "failed";
const STATES: Readonly<Record<Which, readonly JobStatus[] | undefined>> = {
  all: undefined,
  busy: UNDER_WAY,
  failed: ["failed", "cancelled"],
};
const WHICH: readonly Which[] = ["all", "busy", "failed"];

/** What is pressed leads somewhere by itself. */
const isLink = (target: EventTarget): boolean => target instanceof Element && target.closest("a") !== null;

export default function JobsPage() {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/settings/jobs" });
  const { page = 1, which = "all", job } = useSearch({ from: "/inside/settings/jobs" });
  const found = useQuery(jobs.list({ page, status: STATES[which] }));
  useLastPage(found, page, found.data?.meta.pageSize ?? 1, (to) => {
    void navigate({ search: (before) => ({ ...before, page: to }), replace: true });
  });
  useLiveJobs();
  const open = (id: number) => void navigate({ search: (before) => ({ ...before, job: id }) });
  const shown = { ...(page === 1 ? {} : { page }), ...(which === "all" ? {} : { which }) };
  const close = () => void navigate({ search: shown });
  const columns: TableColumnsType<JobShown> = [
    {
      title: t("jobs.job"),
      render: (_, row) => (
        <Flex vertical>
          <Link to="/settings/jobs" search={(before) => ({ ...before, job: row.id })}>
            {row.title}
          </Link>
          {row.error !== null && (
            <Typography.Text type="secondary" ellipsis style={{ maxWidth: 520 }}>
              {row.error}
            </Typography.Text>
          )}
        </Flex>
      ),
    },
    {
      title: t("common.status"),
      width: 150,
      render: (_, row) => <JobStatusTag status={row.status} />,
    },
    {
      title: t("jobs.progress"),
      width: 180,
      responsive: ["md"],
      render: (_, row) => (
        <Progress
          percent={Math.round(row.progress * 100)}
          size="small"
          status={isUnderWay(row.status) ? "active" : row.status === "failed" ? "exception" : "normal"}
          aria-label={t("jobs.progress")}
        />
      ),
    },
    {
      title: t("common.created"),
      width: 170,
      responsive: ["sm"],
      render: (_, { createdAt }) => createdAt && <time title={moment(createdAt)}>{ago(createdAt)}</time>,
    },
    {
      title: t("jobs.finished"),
      width: 170,
      responsive: ["lg"],
      render: (_, { finishedAt }) => finishedAt && <time title={moment(finishedAt)}>{ago(finishedAt)}</time>,
    },
  ];
  return (
    <Page
      title={t("jobs.title")}
      hint={t("jobs.hint")}
      actions={
        <Segmented<Which>
          aria-label={t("jobs.which")}
          value={which}
          onChange={(chosen) => void navigate({ search: chosen === "all" ? {} : { which: chosen } })}
          options={WHICH.map((value) => ({ value, label: t(`jobs.show.${value}`) }))}
        />
      }
    >
      <Shown of={found}>
        {({ rows, meta }) => (
          <Table
            rowKey="id"
            size="middle"
            aria-label={t("jobs.title")}
            columns={columns}
            dataSource={rows}
            onRow={({ id }) => ({
              onClick: (event) => isLink(event.target) || open(id),
              style: { cursor: "pointer" },
            })}
            locale={{ emptyText: <Nothing title={t("jobs.none")} hint={t("jobs.noneHint")} /> }}
            pagination={{
              current: page,
              pageSize: meta.pageSize,
              total: meta.count ?? rows.length,
              hideOnSinglePage: true,
              showSizeChanger: false,
              onChange: (next) => void navigate({ search: (before) => ({ ...before, page: next }) }),
            }}
          />
        )}
      </Shown>
      <Drawer open={job !== undefined} title={t("jobs.job")} size={560} onClose={close} destroyOnHidden>
        {job !== undefined && <JobDetails id={job} />}
      </Drawer>
    </Page>
  );
}
