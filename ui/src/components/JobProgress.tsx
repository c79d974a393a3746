/** A job as it goes on: its steps with their logs, how far they are, and what can be done about it. */
import { RedoOutlined, RollbackOutlined, StopOutlined } from "@ant-design/icons";
import { Alert, Button, Flex, Popconfirm, Progress, Steps, Typography } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { useLiveJobs } from "@/api/jobs-live";
import { useHandleJob, type JobVerb } from "@/api/mutations/jobs";
import { isUnderWay, jobs, type Job, type JobStep, type StepStatus } from "@/api/queries/jobs";
import { stepText } from "@/components/job-texts";
import { JobStatusTag } from "@/components/JobStatusTag";
import { Shown } from "@/components/states";
import { useTold } from "@/components/told";
import styles from "@/components/JobProgress.module.css";
import { clock } from "@/lib/format";

const LOOKS: Readonly<Record<StepStatus, "wait" | "process" | "finish" | "error">> = {
  waiting: "wait",
  running: "process",
  succeeded: "finish",
  failed: "error",
  cancelled: "wait",
  undone: "wait",
};

/** A line of a log with its moment as the reader's clock shows it. */
export function lineText(line: string): string {
  const [at = "", ...words] = line.split(" ");
  return Number.isNaN(Date.parse(at)) ? line : [clock(at), ...words].join(" ");
}

function StepContent({ step }: { step: JobStep }) {
  const { t } = useTranslation();
  const latest = step.log.at(-1);
  return (
    <Flex vertical gap={4}>
      {step.status === "running" && step.progress > 0 && (
        <Progress
          percent={Math.round(step.progress * 100)}
          size="small"
          aria-label={stepText(t, step.name)}
        />
      )}
      {step.error !== null && <span className={styles["error"]}>{step.error}</span>}
      {step.log.length > 1 && (
        <details>
          <summary className={styles["summary"]}>{t("jobs.log", { count: step.log.length })}</summary>
          <pre className={styles["log"]}>{step.log.map(lineText).join("\n")}</pre>
        </details>
      )}
      {latest !== undefined && step.log.length === 1 && (
        <Typography.Text type="secondary">{lineText(latest)}</Typography.Text>
      )}
    </Flex>
  );
}

/** What can be done with a job in its state. */
export function verbsOf(job: Pick<Job, "status" | "undoable">): readonly JobVerb[] {
  if (job.status === "waiting" || job.status === "running") return ["cancel"];
  if (job.status === "failed" || job.status === "cancelled")
    return job.undoable ? ["retry", "undo"] : ["retry"];
  return job.status === "succeeded" && job.undoable ? ["undo"] : [];
}

function JobActions({ job }: { job: Job }) {
  const { t } = useTranslation();
  const told = useTold();
  const handle = useHandleJob(job.id);
  const verbs = verbsOf(job);
  const act = (verb: JobVerb) => handle.mutate(verb, { onError: told.failed });
  const busy = (verb: JobVerb): boolean => handle.isPending && handle.variables === verb;
  return (
    <>
      {verbs.includes("retry") && (
        <Button type="primary" icon={<RedoOutlined />} loading={busy("retry")} onClick={() => act("retry")}>
          {t("jobs.retry")}
        </Button>
      )}
      {verbs.includes("undo") && (
        <Popconfirm
          title={t("jobs.undoTitle")}
          description={t("jobs.undoHint")}
          okText={t("jobs.undo")}
          okButtonProps={{ danger: true }}
          cancelText={t("common.cancel")}
          onConfirm={() => act("undo")}
          styles={{ root: { maxWidth: 320 } }}
        >
          <Button icon={<RollbackOutlined />} loading={busy("undo")}>
            {t("jobs.undo")}
          </Button>
        </Popconfirm>
      )}
      {verbs.includes("cancel") && (
        <Button icon={<StopOutlined />} loading={busy("cancel")} onClick={() => act("cancel")}>
          {t("jobs.cancel")}
        </Button>
      )}
    </>
  );
}

interface Props {
  id: number;
  /** What there is to do once it has succeeded, such as opening what was made. */
  children?: ReactNode;
}

function Stated({ job, children }: { job: Job; children?: ReactNode }) {
  const { t } = useTranslation();
  const at = job.steps.findIndex((step) => step.status !== "succeeded");
  const shown = job.status === "failed" ? "exception" : job.status === "succeeded" ? "success" : "normal";
  return (
    <Flex vertical gap={16}>
      <Flex gap={12} align="center" role="status">
        <JobStatusTag status={job.status} />
        <Progress
          percent={Math.round(job.progress * 100)}
          status={isUnderWay(job.status) ? "active" : shown}
          aria-label={t("jobs.progress")}
          style={{ flex: 1, minWidth: 80 }}
        />
      </Flex>
      <Steps
        orientation="vertical"
        size="small"
        current={at < 0 ? job.steps.length : at}
        items={job.steps.map((step) => ({
          title: (
            <>
              <span>{stepText(t, step.name)}</span>
              <span className="visually-hidden">: {t(`jobs.status.${step.status}`)}</span>
            </>
          ),
          status: LOOKS[step.status],
          content: <StepContent step={step} />,
        }))}
      />
      {job.error !== null && !job.steps.some((step) => step.error === job.error) && (
        <Alert type={job.status === "cancelled" ? "warning" : "error"} showIcon title={job.error} />
      )}
      <Flex gap={8} wrap>
        {job.status === "succeeded" && children}
        <JobActions job={job} />
      </Flex>
    </Flex>
  );
}

export function JobProgress({ id, children }: Props) {
  const found = useQuery(jobs.get(id));
  useLiveJobs();
  return <Shown of={found}>{(job) => <Stated job={job}>{children}</Stated>}</Shown>;
}
