/** The list of applications where there is no room for a table. */
import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import type { Application } from "@/api/fleet";
import { Ago } from "@/components/Ago";
import { Actions } from "@/features/fleet/Actions";
import { Statuses } from "@/features/fleet/Statuses";
import type { Deeds } from "@/features/fleet/useDeeds";
import { Who } from "@/features/fleet/Who";
import styles from "@/features/fleet/fleet.module.css";

interface Props {
  rows: readonly Application[];
  deeds: Deeds;
  chosen: readonly string[];
  choose: (names: string[]) => void;
}

export function Cards({ rows, deeds, chosen, choose }: Props) {
  const { t } = useTranslation();
  return (
    <ul className={styles["cards"]} aria-label={t("fleet.applications")}>
      {rows.map((application) => {
        const { name, displayName, cname, lastVisitAt, deletedAt, wanted } = application;
        const deleted = wanted === "deleted";
        return (
          <li key={name} className={styles["card"]}>
            <div className={styles["top"]}>
              <Checkbox
                aria-label={t("fleet.choose", { name: displayName ?? name })}
                checked={chosen.includes(name)}
                onChange={({ target }) =>
                  choose(target.checked ? [...chosen, name] : chosen.filter((other) => other !== name))
                }
              />
              <Who application={application} />
            </div>
            <div className={styles["facts"]}>
              <Statuses application={application} />
              {cname !== null && <span>{cname}</span>}
              <span>
                {deleted ? t("fleet.deletedAt") : t("fleet.lastVisit")}{" "}
                <Ago at={deleted ? deletedAt : lastVisitAt} />
              </span>
            </div>
            <Actions application={application} deeds={deeds} small />
          </li>
        );
      })}
    </ul>
  );
}
