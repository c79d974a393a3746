import { Card, Flex } from "antd";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { useLiveJobs } from "@/api/jobs-live";
import { jobs } from "@/api/queries/jobs";
import { Nothing, Shown } from "@/components/states";
import { Making } from "@/features/fleet/Making";

/** The jobs that made it, or tried to. */
export function JobsTab({ name }: { name: string }) {
  const { t } = useTranslation();
  const found = useQuery(jobs.list({ application: name }));
  useLiveJobs();
  return (
    <Shown of={found}>
      {({ rows }) =>
        rows.length === 0 ? (
          <Nothing title={t("application.noJobs")} hint={t("application.noJobsHint")} />
        ) : (
          <Flex vertical gap={16} style={{ maxWidth: 820 }}>
            {rows.map((job) => (
              <Card key={job.id} title={job.title}>
                <Making job={job.id} name={name} there />
              </Card>
            ))}
          </Flex>
        )
      }
    </Shown>
  );
}
