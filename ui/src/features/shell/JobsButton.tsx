/** In the bar: how much work is under way; opened, what ran lately. */
import { ThunderboltOutlined } from "@ant-design/icons";
import { Badge, Button, Flex, Popover, Progress, Typography } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useLiveJobs } from "@/api/jobs-live";
import { isUnderWay, jobs, UNDER_WAY, type JobShown } from "@/api/queries/jobs";
import { JobStatusTag } from "@/components/JobStatusTag";
import { Nothing, Shown } from "@/components/states";
import { ago } from "@/lib/format";
import styles from "@/features/shell/JobsButton.module.css";

const LATELY = 6;

function Row({ job, onOpen }: { job: JobShown; onOpen: () => void }) {
  const { t } = useTranslation();
  return (
    <li>
      <Link to="/settings/jobs" search={{ job: job.id }} className={styles["row"] ?? ""} onClick={onOpen}>
        <Flex justify="space-between" gap={8} align="center">
          <Typography.Text ellipsis strong>
            {job.title}
          </Typography.Text>
          <JobStatusTag status={job.status} />
        </Flex>
        {isUnderWay(job.status) ? (
          <Progress
            percent={Math.round(job.progress * 100)}
            size="small"
            status="active"
            aria-label={t("jobs.progress")}
          />
        ) : (
          <Typography.Text type="secondary" ellipsis>
            {job.error ?? (job.finishedAt === null ? "" : ago(job.finishedAt))}
          </Typography.Text>
        )}
      </Link>
    </li>
  );
}

export function JobsButton() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const found = useQuery(jobs.list({ pageSize: LATELY }));
  useLiveJobs();
  // Among those that ran lately may stand none of those that run for long.
  const running = useQuery(jobs.list({ status: UNDER_WAY, pageSize: 1 }));
  const busy = running.data?.meta.count ?? 0;
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  // Who was in the list goes on where it was opened from.
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const content = (
    <Shown of={found}>
      {({ rows }) =>
        rows.length === 0 ? (
          <Nothing title={t("jobs.none")} hint={t("jobs.noneHint")} />
        ) : (
          <>
            <ul className={styles["list"]}>
              {rows.map((job) => (
                <Row key={job.id} job={job} onOpen={close} />
              ))}
            </ul>
            <Link to="/settings/jobs" onClick={close} className={styles["more"] ?? ""}>
              {t("jobs.showAll")}
            </Link>
          </>
        )
      }
    </Shown>
  );
  return (
    <Popover
      open={open}
      onOpenChange={setOpen}
      afterOpenChange={(shown) => shown && panel.current?.focus()}
      trigger="click"
      placement="bottomRight"
      title={t("jobs.title")}
      content={
        // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- keys come from what is in it
        <div
          ref={panel}
          role="dialog"
          aria-label={t("jobs.title")}
          tabIndex={-1}
          className={styles["content"]}
          onKeyDown={(event) => event.key === "Escape" && close()}
        >
          {content}
        </div>
      }
    >
      <Button
        ref={button}
        type="text"
        shape="circle"
        aria-haspopup="dialog"
        aria-label={busy > 0 ? t("jobs.underWay", { count: busy }) : t("jobs.title")}
        aria-expanded={open}
        icon={
          <Badge count={busy} size="small" offset={[2, -2]}>
            <ThunderboltOutlined />
          </Badge>
        }
      />
    </Popover>
  );
}
