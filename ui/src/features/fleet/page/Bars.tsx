/** Sixty minutes as bars: drawn small, told in one sentence, and to be had as a table. */
import { Typography } from "antd";
import { useTranslation } from "react-i18next";
import styles from "@/features/fleet/page/page.module.css";
import { clock } from "@/lib/format";

export interface Bar {
  at: string;
  /** `null`: nothing to show for this minute. */
  value: number | null;
}

interface Props {
  title: string;
  /** What stands out of it, in words. */
  summary: string;
  bars: readonly Bar[];
  /** A value as people read it. */
  say: (value: number) => string;
  tone?: "accent" | "bad" | "calm";
}

const HEIGHT = 64;
const STEP = 10;
const WIDTH = 7;

/** Heights in the drawing; what is there is seen, however small. */
export const heights = (bars: readonly Bar[]): number[] => {
  const highest = Math.max(1, ...bars.map(({ value }) => value ?? 0));
  return bars.map(({ value }) => (value ? Math.max(2, (value / highest) * HEIGHT) : 0));
};

export function Bars({ title, summary, bars, say, tone = "accent" }: Props) {
  const { t } = useTranslation();
  const tall = heights(bars);
  const [first, last] = [bars[0], bars.at(-1)];
  return (
    <figure className={styles["figure"]}>
      <figcaption>
        <Typography.Text strong>{title}</Typography.Text>
        <Typography.Text type="secondary" className={styles["summary"] ?? ""}>
          {summary}
        </Typography.Text>
      </figcaption>
      <svg
        viewBox={`0 0 ${bars.length * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${summary}`}
        className={`${styles["bars"]} ${styles[tone]}`}
      >
        {bars.map(({ at, value }, index) => (
          <g key={at}>
            <rect x={index * STEP} y={0} width={STEP} height={HEIGHT} className={styles["slot"]}>
              <title>{t("application.bar", { at: clock(at), value: say(value ?? 0) })}</title>
            </rect>
            <rect
              x={index * STEP + (STEP - WIDTH) / 2}
              y={HEIGHT - (tall[index] ?? 0)}
              width={WIDTH}
              height={tall[index] ?? 0}
              rx={1}
              className={styles["bar"]}
            />
          </g>
        ))}
      </svg>
      <div className={styles["axis"]} aria-hidden>
        <span>{first && clock(first.at)}</span>
        <span>{last && clock(last.at)}</span>
      </div>
    </figure>
  );
}
