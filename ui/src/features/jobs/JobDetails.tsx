import { Descriptions, Flex, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { jobs } from "@/api/queries/jobs";
import { JobProgress } from "@/components/JobProgress";
import { moment } from "@/lib/format";

/** What a job is, and how far it has come. */
export function JobDetails({ id }: { id: number }) {
  const { t } = useTranslation();
  const { data: job } = useQuery(jobs.get(id));
  return (
    <Flex vertical gap={20}>
      {job && (
        <div>
          <Typography.Title level={2} style={{ fontSize: 18, margin: "0 0 8px" }}>
            {job.title}
          </Typography.Title>
          <Descriptions
            size="small"
            column={1}
            colon={false}
            items={[
              { key: "number", label: t("jobs.number"), children: job.id },
              { key: "created", label: t("common.created"), children: moment(job.createdAt) },
              ...(job.finishedAt === null
                ? []
                : [{ key: "finished", label: t("jobs.finished"), children: moment(job.finishedAt) }]),
            ]}
          />
        </div>
      )}
      <JobProgress id={id} />
    </Flex>
  );
}
