/** One application: how it stands, what has happened, what made it, what can be changed, and its figures. */
import { ArrowLeftOutlined } from "@ant-design/icons";
import { Flex, Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { TOPICS, type Application } from "@/api/fleet";
import { useLive } from "@/api/live";
import { applications } from "@/api/queries/applications";
import { environments } from "@/api/queries/environments";
import { LinkButton } from "@/components/LinkButton";
import { Mark } from "@/components/Mark";
import { Page } from "@/components/Page";
import { Nothing, Shown } from "@/components/states";
import { Actions } from "@/features/fleet/Actions";
import { FiguresTab } from "@/features/fleet/page/FiguresTab";
import { HistoryTab } from "@/features/fleet/page/HistoryTab";
import { JobsTab } from "@/features/fleet/page/JobsTab";
import { OverviewTab } from "@/features/fleet/page/OverviewTab";
import styles from "@/features/fleet/page/page.module.css";
import { PluginsTab } from "@/features/fleet/page/PluginsTab";
import { SettingsTab } from "@/features/fleet/page/SettingsTab";
import { TABS, type Tab } from "@/features/fleet/page/tabs";
import { Status } from "@/features/fleet/Status";
import { useDeeds, type Deeds } from "@/features/fleet/useDeeds";

function Trail() {
  const { t } = useTranslation();
  return (
    <Link to="/settings/applications" className={styles["trail"] ?? ""}>
      <ArrowLeftOutlined /> {t("application.list")}
    </Link>
  );
}

function content(tab: Tab, application: Application, deeds: Deeds) {
  const { name } = application;
  switch (tab) {
    case "overview":
      return <OverviewTab application={application} deeds={deeds} />;
    case "history":
      return <HistoryTab name={name} />;
    case "jobs":
      return <JobsTab name={name} />;
    case "settings":
      return <SettingsTab application={application} />;
    case "plugins":
      return <PluginsTab application={application} />;
    case "figures":
      return <FiguresTab name={name} />;
  }
}

function There({ application }: { application: Application }) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/settings/applications/$name" });
  const { tab = "overview" } = useSearch({ from: "/inside/settings/applications/$name" });
  const deeds = useDeeds({
    onGone: (verb) => verb === "purge" && void navigate({ to: "/settings/applications" }),
  });
  const { name, displayName, icon, wanted } = application;
  const title = displayName ?? name;
  return (
    <Page
      title={title}
      trail={<Trail />}
      hint={
        <Flex gap={8} align="center" wrap>
          <Mark name={title} icon={icon} size={20} />
          <span>{name}</span>
          <Status application={application} />
        </Flex>
      }
      actions={<Actions application={application} deeds={deeds} />}
    >
      <Tabs
        activeKey={tab}
        destroyOnHidden
        onChange={(key) => void navigate({ search: key === "overview" ? {} : { tab: key as Tab } })}
        items={TABS.filter((key) => key !== "settings" || wanted !== "deleted").map((key) => ({
          key,
          label: t(`application.tabs.${key}`),
          children: content(key, application, deeds),
        }))}
      />
      {deeds.dialog}
    </Page>
  );
}

export default function ApplicationPage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: "/inside/settings/applications/$name" });
  const found = useQuery(applications.get(name));
  useLive(TOPICS.applications, applications.all);
  useLive(TOPICS.environments, environments.all);
  return (
    <Shown of={found}>
      {(application) =>
        application ? (
          <There key={name} application={application} />
        ) : (
          <Page title={name} trail={<Trail />}>
            <Nothing
              title={t("application.gone")}
              hint={t("application.goneHint")}
              action={
                <LinkButton to="/settings/applications" look="primary">
                  {t("application.toList")}
                </LinkButton>
              }
            />
          </Page>
        )
      }
    </Shown>
  );
}
