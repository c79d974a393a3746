/** What the preflight found, each with what to do about it. */
import { Alert, Button, Flex, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { remedyOf, stampOf, type Finding } from "@/features/fleet/form/findings";
import styles from "@/features/fleet/form/form.module.css";

const LEVELS = { ok: "success", warning: "warning", error: "error" } as const;

interface Props {
  findings: readonly Finding[];
  /** Take over what a finding names, where that is possible. */
  onAdopt: ((stamp: string) => void) | null;
}

function Remedy({ remedy }: { remedy: string }) {
  const { sentence, statement } = remedyOf(remedy);
  return (
    <>
      {sentence}
      {statement !== null && (
        <Typography.Text code copyable={{ text: statement }} className={styles["statement"] ?? ""}>
          {statement}
        </Typography.Text>
      )}
    </>
  );
}

export function Findings({ findings, onAdopt }: Props) {
  const { t } = useTranslation();
  const against = findings.filter(({ level }) => level === "error").length;
  const warned = findings.filter(({ level }) => level === "warning").length;
  const summary =
    against > 0
      ? t("appForm.foundErrors", { count: against })
      : warned > 0
        ? t("appForm.foundWarnings", { count: warned })
        : t("appForm.foundNothing");
  return (
    <section aria-live="polite" aria-label={t("appForm.findings")} style={{ marginTop: 16 }}>
      <Typography.Title level={2} style={{ fontSize: 16 }}>
        {summary}
      </Typography.Title>
      <Flex vertical gap={8}>
        {findings.map((finding, index) => {
          const stamp = stampOf([finding]);
          return (
            <Alert
              key={index}
              type={LEVELS[finding.level]}
              showIcon
              title={finding.message}
              description={finding.remedy ? <Remedy remedy={finding.remedy} /> : undefined}
              action={
                stamp !== null &&
                onAdopt && (
                  <Button size="small" onClick={() => onAdopt(stamp)}>
                    {t("appForm.adopt")}
                  </Button>
                )
              }
            />
          );
        })}
      </Flex>
    </section>
  );
}
