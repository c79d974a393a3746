/** The job that makes an application, and the way to it once it is made. */
import { ArrowRightOutlined } from "@ant-design/icons";
import { Button, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { LinkButton } from "@/components/LinkButton";
import { applications } from "@/api/queries/applications";
import { jobs } from "@/api/queries/jobs";
import { applicationOf } from "@/components/job-texts";
import { JobProgress } from "@/components/JobProgress";
import { visitUrl } from "@/lib/visit";

interface Props {
  job: number;
  name: string;
  /** Shown on the application's own page. */
  there?: boolean;
}

export function Making({ job, name, there = false }: Props) {
  const { t } = useTranslation();
  const { data: made } = useQuery(jobs.get(job));
  const of = (made && applicationOf(made)) ?? name;
  const { data: application } = useQuery({
    ...applications.get(of),
    enabled: of !== "" && made?.status === "succeeded",
  });
  return (
    <JobProgress id={job}>
      {application && (
        <Button
          type="primary"
          icon={<ArrowRightOutlined />}
          href={visitUrl(application.url, application.cname !== null)}
          target="_blank"
          rel="noopener noreferrer"
          style={{ maxWidth: "100%" }}
        >
          <Typography.Text ellipsis style={{ color: "inherit" }}>
            {t("application.openIt", { name: application.displayName ?? application.name })}
          </Typography.Text>
        </Button>
      )}
      {!there && of !== "" && (
        <LinkButton to="/settings/applications/$name" params={{ name: of }}>
          {t("application.itsPage")}
        </LinkButton>
      )}
    </JobProgress>
  );
}
