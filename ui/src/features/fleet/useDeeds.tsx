/** What is done with one application: at once, or after its name was typed. */
import { Checkbox, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useVerb, type Grave, type Verb } from "@/api/mutations/applications";
import type { Application } from "@/api/fleet";
import { ConfirmName } from "@/components/ConfirmName";
import { failedPlugins } from "@/components/status";
import { useTold } from "@/components/told";

type Target = Pick<Application, "name" | "displayName">;

export interface Deeds {
  run: (verb: Verb, target: Target) => void;
  /** Ask for its name, then delete or purge it. */
  ask: (verb: Grave, target: Target) => void;
  /** What is under way for this application, as asked for on this page. */
  busy: (name: string) => boolean;
  /** To be put somewhere on the page. */
  dialog: ReactNode;
}

interface Options {
  /** Told when one is deleted or purged. */
  onGone?: (verb: Grave) => void;
}

export function useDeeds({ onGone }: Options = {}): Deeds {
  const { t } = useTranslation();
  const told = useTold();
  const verb = useVerb();
  const [asked, setAsked] = useState<{ verb: Grave; target: Target } | null>(null);
  const [open, setOpen] = useState(false);
  const [keepData, setKeepData] = useState(false);
  const [under, setUnder] = useState<ReadonlySet<string>>(new Set());
  const shown = ({ displayName, name }: Target) => displayName ?? name;

  const mark = (name: string, on: boolean) =>
    setUnder((now) => {
      const next = new Set(now);
      if (on) next.add(name);
      else next.delete(name);
      return next;
    });
  const perform = async (what: Verb | Grave, target: Target): Promise<boolean> => {
    mark(target.name, true);
    try {
      const answered = await verb.mutateAsync({ verb: what, name: target.name, keepData });
      const names = what === "upgrade" ? failedPlugins(answered as Application).join(", ") : "";
      if (names) told.partly(t("fleet.upgradedInPart", { name: shown(target), names }));
      else told.done(t(`fleet.did.${what}`, { name: shown(target) }));
      return true;
    } catch (error) {
      told.failed(error);
      return false;
    } finally {
      mark(target.name, false);
    }
  };
  const confirm = async () => {
    if (asked && (await perform(asked.verb, asked.target))) {
      setOpen(false);
      onGone?.(asked.verb);
    }
  };
  const ask = (what: Grave, target: Target) => {
    setKeepData(false);
    setAsked({ verb: what, target });
    setOpen(true);
  };
  const dialog = asked && (
    <ConfirmName
      open={open}
      name={asked.target.name}
      title={t(`fleet.ask.${asked.verb}`, { name: shown(asked.target) })}
      action={t(asked.verb === "purge" ? "fleet.verb.purge" : "common.delete")}
      busy={under.has(asked.target.name)}
      onConfirm={() => void confirm()}
      onCancel={() => setOpen(false)}
    >
      {t(`fleet.means.${asked.verb}`)}
      {asked.verb === "purge" && <KeepData kept={keepData} keep={setKeepData} />}
    </ConfirmName>
  );
  return { run: (what, target) => void perform(what, target), ask, busy: (name) => under.has(name), dialog };
}

/** Whether what is purged leaves its database behind. */
export function KeepData({ kept, keep }: { kept: boolean; keep: (kept: boolean) => void }) {
  const { t } = useTranslation();
  return (
    <span style={{ display: "block", marginTop: 12 }}>
      <Checkbox checked={kept} onChange={(event) => keep(event.target.checked)}>
        {t("fleet.keepData")}
      </Checkbox>
      <Typography.Text type="secondary" style={{ display: "block", marginInlineStart: 24 }}>
        {t("fleet.keepDataHint")}
      </Typography.Text>
    </span>
  );
}
