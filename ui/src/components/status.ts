/** What an application is in the eyes of people: what is observed, told apart by what is wanted. */
import type { Application, Observed, Wanted } from "@/api/fleet";

export type Shown = Observed | "asleep" | "deleted";

/** One that sleeps is observed as stopped; a visit wakes it. */
export function shownStatus(observed: Observed, wanted?: Wanted): Shown {
  if (wanted === "deleted") return "deleted";
  return observed === "stopped" && wanted === "asleep" ? "asleep" : observed;
}

const PENDING: readonly Shown[] = ["preparing", "initializing", "initialized", "commanding"];

/** Whether it goes on by itself. */
export const isPending = (status: Shown): boolean => PENDING.includes(status);

/** The plugins that failed in any of its environments, each once. */
export const failedPlugins = ({ degraded }: Pick<Application, "degraded">): string[] =>
  [...new Set(Object.values(degraded).flat())].sort();

type Life = Pick<Application, "status" | "wanted" | "jobId">;

/** What may be asked of it now; whoever asks for something else is told by the server why not. */
export function possible({ status, wanted, jobId }: Life) {
  const there = wanted !== "deleted";
  const made = jobId === null;
  const pending = isPending(status);
  return {
    visit: there && (status === "running" || (made && wanted !== "stopped")),
    start: there && made && !pending && status !== "running",
    stop: there && made && !(status === "stopped" && wanted === "stopped"),
    sleep: there && made && status === "running",
    restart: there && made && status === "running",
    upgrade: there && made && !pending,
    restore: !there,
    purge: !there,
  };
}

/**
 * Whether it may be given other environments: once it is wanted stopped, although some of those that it has may not
 * answer, and at any time where it is placed in none of those that are known.
 */
export const mayMove = (
  { wanted, statuses }: Pick<Application, "wanted" | "statuses">,
  known: readonly { name: string }[],
): boolean => wanted === "stopped" || !known.some(({ name }) => Object.hasOwn(statuses, name));
