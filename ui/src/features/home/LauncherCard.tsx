/** One application to enter: the whole card leads there, in a new tab. */
import { PushpinFilled } from "@ant-design/icons";
import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import type { Card } from "@/api/fleet";
import { Mark } from "@/components/Mark";
import { StatusTag } from "@/components/StatusTag";
import styles from "@/features/home/Launcher.module.css";

export function LauncherCard({ card }: { card: Card }) {
  const { t } = useTranslation();
  const { name, displayName, icon, status, wanted, pinned, labels, url } = card;
  return (
    <li className={styles["card"]}>
      <Mark name={displayName} icon={icon} size={44} />
      <div className={styles["words"]}>
        <a
          className={styles["name"]}
          href={url}
          target="_blank"
          rel="noopener noreferrer"
          title={displayName === name ? undefined : name}
        >
          {displayName}
        </a>
        <div className={styles["facts"]}>
          <StatusTag status={status} wanted={wanted} />
          {labels.map((label) => (
            <Tag key={label} className={styles["label"] ?? ""}>
              {label}
            </Tag>
          ))}
        </div>
      </div>
      {pinned && (
        <PushpinFilled
          className={styles["pin"] ?? ""}
          aria-label={t("fleet.pinned")}
          title={t("fleet.pinned")}
        />
      )}
    </li>
  );
}
