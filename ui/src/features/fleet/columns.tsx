/** The columns of the table of applications. */
import { Typography, type TableColumnsType } from "antd";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Application } from "@/api/fleet";
import { Ago } from "@/components/Ago";
import { Actions } from "@/features/fleet/Actions";
import { Statuses } from "@/features/fleet/Statuses";
import type { Deeds } from "@/features/fleet/useDeeds";
import { Who } from "@/features/fleet/Who";
import { visitUrl } from "@/lib/visit";
import styles from "@/features/fleet/fleet.module.css";

const DIALECTS: Readonly<Record<string, string>> = {
  sqlite: "SQLite",
  postgres: "PostgreSQL",
  mariadb: "MariaDB",
  mysql: "MySQL",
};

/** Which database it has, and what was made for it. */
function Database({ options }: Pick<Application, "options">) {
  const { t } = useTranslation();
  const { dialect } = options.database;
  return (
    <div className={styles["words"]}>
      {dialect !== undefined && <div>{DIALECTS[dialect] ?? dialect}</div>}
      <div className={styles["id"]}>{t(`fleet.connection.${options.dbConnType}`)}</div>
    </div>
  );
}

function Domain({ application: { cname, url } }: { application: Application }) {
  if (cname === null) return <Typography.Text type="secondary">–</Typography.Text>;
  return (
    <Typography.Link href={visitUrl(url, true)} target="_blank" rel="noopener noreferrer" ellipsis>
      {cname}
    </Typography.Link>
  );
}

interface Given {
  t: TFunction;
  deeds: Deeds;
  deleted: boolean;
  /** As in the address: a field, with `-` before it where the last comes first. */
  sort: string;
}

export function columns({ t, deeds, deleted, sort }: Given): TableColumnsType<Application> {
  const field = sort.replace(/^-/, "");
  const sorted = (key: string) => ({
    key,
    sorter: true,
    sortOrder: field === key ? (sort.startsWith("-") ? ("descend" as const) : ("ascend" as const)) : null,
  });
  const all: TableColumnsType<Application> = [
    {
      ...sorted("displayName"),
      title: t("common.name"),
      width: 186,
      render: (_, application) => <Who application={application} />,
    },
    {
      ...sorted("status"),
      title: t("common.status"),
      width: 122,
      render: (_, application) => <Statuses application={application} />,
    },
    {
      ...sorted("options.startMode"),
      title: t("fleet.start"),
      width: 130,
      render: (_, { options }) => t(`fleet.startMode.${options.startMode}`),
    },
    {
      key: "database",
      title: t("fleet.database"),
      width: 110,
      render: (_, application) => <Database options={application.options} />,
    },
    {
      ...sorted("cname"),
      title: t("fleet.domain"),
      width: 110,
      ellipsis: true,
      render: (_, application) => <Domain application={application} />,
    },
    {
      ...sorted("version"),
      title: t("fleet.version"),
      width: 98,
      render: (_, { version }) => version ?? "–",
    },
    {
      ...sorted(deleted ? "deletedAt" : "lastVisitAt"),
      title: deleted ? t("fleet.deletedAt") : t("fleet.lastVisit"),
      width: 120,
      render: (_, { deletedAt, lastVisitAt }) => <Ago at={deleted ? deletedAt : lastVisitAt} />,
    },
    {
      key: "actions",
      title: t("common.actions"),
      width: 232,
      fixed: "end",
      render: (_, application) => <Actions application={application} deeds={deeds} small />,
    },
  ];
  return deleted ? all.filter(({ key }) => key !== "status" && key !== "options.startMode") : all;
}
