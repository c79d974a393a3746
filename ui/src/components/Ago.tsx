import { Typography } from "antd";
import { useTranslation } from "react-i18next";
import { ago, moment } from "@/lib/format";

/** When something was: in words, and exactly for who asks. */
export function Ago({ at }: { at: string | null }) {
  const { t } = useTranslation();
  if (at === null) return <Typography.Text type="secondary">{t("fleet.never")}</Typography.Text>;
  return (
    <time dateTime={at} title={moment(at)}>
      {ago(at)}
    </time>
  );
}
