/** An application by its picture, its name, and beneath its id. */
import { PushpinFilled } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { Link } from "@tanstack/react-router";
import type { Application } from "@/api/fleet";
import { Mark } from "@/components/Mark";
import { pathOf } from "@/features/fleet/paths";
import styles from "@/features/fleet/fleet.module.css";

type Named = Pick<Application, "name" | "displayName" | "icon" | "pinned">;

export function Who({ application }: { application: Named }) {
  const { t } = useTranslation();
  const { name, displayName, icon, pinned } = application;
  const shown = displayName ?? name;
  return (
    <span className={styles["who"]}>
      <Mark name={shown} icon={icon} size={28} />
      <span className={styles["words"]}>
        <Link to={pathOf(name)} title={shown}>
          {shown}
        </Link>
        <span className={styles["id"]}>
          {pinned && <PushpinFilled title={t("fleet.pinned")} aria-label={t("fleet.pinned")} />} {name}
        </span>
      </span>
    </span>
  );
}
