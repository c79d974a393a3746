import {
  CheckCircleOutlined,
  ClockCircleOutlined,
  CloseCircleOutlined,
  LoadingOutlined,
  MinusCircleOutlined,
  RollbackOutlined,
} from "@ant-design/icons";
import { Tag } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { JobStatus } from "@/api/queries/jobs";

const LOOKS: Readonly<Record<JobStatus, { color: string; icon: ReactNode }>> = {
  waiting: { color: "default", icon: <ClockCircleOutlined /> },
  running: { color: "processing", icon: <LoadingOutlined /> },
  succeeded: { color: "success", icon: <CheckCircleOutlined /> },
  failed: { color: "error", icon: <CloseCircleOutlined /> },
  cancelled: { color: "default", icon: <MinusCircleOutlined /> },
  undoing: { color: "processing", icon: <LoadingOutlined /> },
  undone: { color: "default", icon: <RollbackOutlined /> },
};

/** How it stands with a job, by word, sign and colour. */
export function JobStatusTag({ status }: { status: JobStatus }) {
  const { t } = useTranslation();
  const { color, icon } = LOOKS[status];
  return (
    <Tag color={color} icon={icon} style={{ marginInlineEnd: 0 }}>
      {t(`jobs.status.${status}`)}
    </Tag>
  );
}
