/** The status of an application: a word, a sign and a colour; behind it what is being done, or what went wrong. */
import {
  CheckCircleFilled,
  ClockCircleOutlined,
  CloseCircleFilled,
  DeleteOutlined,
  LoadingOutlined,
  MoonFilled,
  PauseCircleOutlined,
  QuestionCircleOutlined,
  WarningFilled,
} from "@ant-design/icons";
import { Popover, Progress, Typography } from "antd";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import type { Doing, Failure, Observed, Wanted } from "@/api/fleet";
import { shownStatus, type Shown } from "@/components/status";
import { ago, percent } from "@/lib/format";
import styles from "@/components/StatusTag.module.css";

const LOOKS: Record<Shown | "degraded", { icon: ComponentType<{ className?: string }>; color: string }> = {
  running: { icon: CheckCircleFilled, color: "good" },
  asleep: { icon: MoonFilled, color: "calm" },
  stopped: { icon: PauseCircleOutlined, color: "grey" },
  error: { icon: CloseCircleFilled, color: "bad" },
  preparing: { icon: LoadingOutlined, color: "busy" },
  initializing: { icon: LoadingOutlined, color: "busy" },
  initialized: { icon: ClockCircleOutlined, color: "busy" },
  commanding: { icon: LoadingOutlined, color: "busy" },
  degraded: { icon: WarningFilled, color: "odd" },
  not_found: { icon: QuestionCircleOutlined, color: "grey" },
  deleted: { icon: DeleteOutlined, color: "grey" },
};

interface Props {
  status: Observed;
  wanted?: Wanted | undefined;
  doing?: Doing | null | undefined;
  failure?: Failure | null | undefined;
  waitsFor?: string | null | undefined;
  /** The plugins that failed in it. */
  failed?: readonly string[] | undefined;
}

type Details = Pick<Props, "doing" | "failure" | "waitsFor"> & { lacks: string | null };

function Behind({ doing, failure, waitsFor, lacks }: Details) {
  const { t } = useTranslation();
  return (
    <div className={styles["behind"]}>
      {doing && (
        <div>
          <div>{doing.message}</div>
          {doing.progress !== null && (
            <Progress
              percent={Math.round(doing.progress * 100)}
              size="small"
              aria-label={t("fleet.progress")}
            />
          )}
          <Typography.Text type="secondary">
            {t("fleet.inEnvironment", { name: doing.environment })}
          </Typography.Text>
        </div>
      )}
      {waitsFor && <div>{waitsFor}</div>}
      {lacks && <div className={styles["message"]}>{lacks}</div>}
      {failure && (
        <div>
          <div className={styles["message"]}>{failure.message}</div>
          <Typography.Text type="secondary">
            {[
              failure.step && t("fleet.atStep", { step: failure.step }),
              t("fleet.inEnvironment", { name: failure.environment }),
              failure.since && ago(failure.since),
            ]
              .filter(Boolean)
              .join(" · ")}
          </Typography.Text>
        </div>
      )}
    </div>
  );
}

export function StatusTag({ status, wanted, doing, failure, waitsFor, failed = [] }: Props) {
  const { t } = useTranslation();
  const life = shownStatus(status, wanted);
  const shown = life === "running" && failed.length > 0 ? "degraded" : life;
  const lacks = shown === "degraded" ? t("fleet.lacks", { names: failed.join(", ") }) : null;
  const { icon: Icon, color } = LOOKS[shown];
  const word = t(`fleet.status.${shown}`);
  const share = doing?.progress;
  const label = (
    <>
      <Icon className={styles[color] ?? ""} />
      <span className={styles["word"]}>{word}</span>
      {share !== null && share !== undefined && <span className={styles["share"]}>{percent(share)}</span>}
      {(waitsFor ?? (failure && shown !== "error")) && <WarningFilled className={styles["odd"] ?? ""} />}
    </>
  );
  if (!doing && !failure && !waitsFor && !lacks) return <span className={styles["tag"]}>{label}</span>;
  return (
    <Popover
      trigger={["hover", "focus"]}
      content={<Behind doing={doing} failure={failure} waitsFor={waitsFor} lacks={lacks} />}
    >
      <button
        type="button"
        className={`${styles["tag"]} ${styles["more"]}`}
        aria-label={t("fleet.statusMore", {
          word,
          why: failure?.message ?? waitsFor ?? doing?.message ?? lacks,
        })}
      >
        {label}
      </button>
    </Popover>
  );
}
