/** The parts of the form, each of which says in one line what it holds. */
import type { TFunction } from "i18next";
import type { Around } from "@/features/fleet/form/around";
import { DIALECT_NAMES } from "@/features/fleet/form/database";
import type { FieldPath } from "@/features/fleet/form/findings";
import { dialectOf, type Values } from "@/features/fleet/form/values";

export const SECTIONS = ["database", "running", "access", "shown"] as const;
export type Section = (typeof SECTIONS)[number];

const OF: Readonly<Record<string, Section>> = {
  dbConnType: "database",
  other: "database",
  dialect: "database",
  database: "database",
  startMode: "running",
  environments: "running",
  sleep: "running",
  autoUpgrade: "running",
  cname: "access",
  shareSession: "access",
  lang: "access",
  timezone: "access",
  labels: "shown",
  pinned: "shown",
  inLauncher: "shown",
  inSwitcher: "shown",
};

/** The sections that hold these fields: to be opened when something is wrong there. */
export const sectionsOf = (fields: readonly FieldPath[]): Section[] => [
  ...new Set(fields.flatMap(([first]) => OF[String(first)] ?? [])),
];

const joined = (...parts: (string | false | null)[]): string => parts.filter(Boolean).join(" · ");

/** What a section holds now, as its header says it while it is closed. */
export function summaryOf(t: TFunction, section: Section, values: Values, around: Around): string {
  switch (section) {
    case "database":
      return joined(
        t(`appForm.connections.${values.dbConnType}`),
        DIALECT_NAMES[dialectOf(values, around.own)],
        values.other || values.dbConnType === "new_connection" ? (values.database.host ?? null) : null,
      );
    case "running":
      return joined(
        t(`appForm.startModes.${values.startMode}`),
        values.environments.join(", "),
        values.sleep.amount === null
          ? t("appForm.neverSleeps")
          : t("appForm.sleepsAfter", {
              amount: values.sleep.amount,
              unit: t(`appForm.units.${values.sleep.unit}`),
            }),
        t(values.autoUpgrade ? "appForm.upgradesItself" : "appForm.upgradesNot"),
      );
    case "access":
      return joined(
        values.cname || t("appForm.noDomain"),
        t(values.shareSession ? "appForm.sessionShared" : "appForm.sessionOwn"),
        values.lang,
        values.timezone,
      );
    case "shown":
      return joined(
        values.pinned && t("appForm.pinned"),
        t(values.inLauncher ? "appForm.launcherYes" : "appForm.launcherNo"),
        t(values.inSwitcher ? "appForm.switcherYes" : "appForm.switcherNo"),
        values.labels.join(", "),
      );
  }
}
