/** What the steps of jobs are called, and what jobs are about. */
import type { TFunction } from "i18next";
import type { JobShown } from "@/api/queries/jobs";

const STEPS = ["check", "record", "prepare", "create", "start", "rows"] as const;
type Step = (typeof STEPS)[number];
const isKnown = (name: string): name is Step => (STEPS as readonly string[]).includes(name);

/** The server's own word for a step that the pages do not know. */
export const stepText = (t: TFunction, name: string): string =>
  isKnown(name) ? t(`jobs.steps.${name}`) : name;

/** The application that a job makes; `null`: it does something else. */
export function applicationOf(job: JobShown): string | null {
  const name = job.input?.["application"];
  return job.kind === "applications.create" && typeof name === "string" ? name : null;
}
