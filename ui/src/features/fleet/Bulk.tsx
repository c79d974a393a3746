/** What is done with all applications that are chosen, and what became of each. */
import { Alert, Button, Flex, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMany, type Grave, type Verb } from "@/api/mutations/applications";
import { failed, type Outcome } from "@/api/outcomes";
import { ConfirmName } from "@/components/ConfirmName";
import { useTold } from "@/components/told";
import { KeepData } from "@/features/fleet/useDeeds";
import styles from "@/features/fleet/fleet.module.css";

interface Props {
  chosen: readonly string[];
  /** What each is shown as. */
  called: (name: string) => string;
  deleted: boolean;
  /** Told when something was done, and when nothing is to be chosen any more. */
  clear: () => void;
}

export function Bulk({ chosen, called, deleted, clear }: Props) {
  const { t } = useTranslation();
  const told = useTold();
  const many = useMany();
  const [grave, setGrave] = useState<Grave>("destroy");
  const [asking, setAsking] = useState(false);
  const [keepData, setKeepData] = useState(false);
  const [came, setCame] = useState<Outcome[] | null>(null);

  const perform = (verb: Verb | Grave) => {
    // some may be gone afterwards
    const words = new Map(chosen.map((name) => [name, called(name)]));
    many.mutate(
      { names: chosen, verb, keepData: verb === "purge" && keepData },
      {
        onSuccess: (all) => {
          setAsking(false);
          setCame(all.map((one) => ({ ...one, name: words.get(one.name) ?? one.name })));
          clear();
        },
        onError: told.failed,
      },
    );
  };
  const ask = (verb: Grave) => {
    setGrave(verb);
    setKeepData(false);
    setAsking(true);
  };
  const plain = (verb: Verb) => (
    <Button
      size="small"
      loading={many.isPending && many.variables.verb === verb}
      disabled={many.isPending}
      onClick={() => perform(verb)}
    >
      {t(`fleet.verb.${verb}`)}
    </Button>
  );
  return (
    <>
      {chosen.length > 0 && (
        <Flex gap={8} align="center" wrap className={styles["bulk"] ?? ""} role="toolbar">
          <Typography.Text strong>{t("fleet.chosen", { count: chosen.length })}</Typography.Text>
          {deleted ? (
            plain("restore")
          ) : (
            <>
              {plain("start")}
              {plain("stop")}
            </>
          )}
          <Button
            size="small"
            danger
            disabled={many.isPending}
            onClick={() => ask(deleted ? "purge" : "destroy")}
          >
            {deleted ? t("fleet.verb.purge") : t("common.delete")}
          </Button>
          <Button size="small" type="text" disabled={many.isPending} onClick={clear}>
            {t("fleet.chooseNone")}
          </Button>
        </Flex>
      )}
      {came && <Came all={came} close={() => setCame(null)} />}
      <ConfirmName
        open={asking}
        name={chosen.length === 1 ? (chosen[0] ?? "") : String(chosen.length)}
        title={t(`fleet.askMany.${grave}`, { count: chosen.length })}
        action={t(grave === "purge" ? "fleet.verb.purge" : "common.delete")}
        busy={many.isPending}
        onConfirm={() => perform(grave)}
        onCancel={() => setAsking(false)}
      >
        {t(`fleet.means.${grave}`)}
        <span className={styles["names"]}>{chosen.map(called).join(", ")}</span>
        {grave === "purge" && <KeepData kept={keepData} keep={setKeepData} />}
      </ConfirmName>
    </>
  );
}

function Came({ all, close }: { all: readonly Outcome[]; close: () => void }) {
  const { t } = useTranslation();
  const wrong = failed(all);
  const done = all.filter((one) => one.errors.length === 0).map(({ name }) => name);
  return (
    <Alert
      className={styles["came"] ?? ""}
      role="status"
      type={wrong.length > 0 ? "warning" : "success"}
      showIcon
      closable={{ onClose: close, "aria-label": t("common.close") }}
      title={t("fleet.came", { count: all.length, done: done.length })}
      description={
        <ul className={styles["list"]}>
          {wrong.map(({ name, errors }, index) => (
            <li key={index}>
              <strong>{name}</strong> {errors.map(({ message }) => message).join(" ")}
            </li>
          ))}
          {done.length > 0 && <li>{t("fleet.doneOf", { names: done.join(", ") })}</li>}
        </ul>
      }
    />
  );
}
