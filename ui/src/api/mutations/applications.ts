/** What is done with applications: with one, or with many of which each answers for itself. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { key, write } from "@/api/client";
import type { Application } from "@/api/fleet";
import { applications } from "@/api/queries/applications";
import { environments } from "@/api/queries/environments";
import { outcomes, type Outcome } from "@/api/outcomes";

/** Done when the server answers. */
export type Verb = "start" | "stop" | "sleep" | "restart" | "upgrade" | "restore";
/** Needs the name once more, which the one who asks has typed. */
export type Grave = "destroy" | "purge";

interface Asked {
  name: string;
  verb: Verb | Grave;
  /** Of `purge`: forget it, and leave its database. */
  keepData?: boolean;
}

interface AskedOfMany {
  names: readonly string[];
  verb: Verb | Grave;
  keepData?: boolean;
}

const grave = (verb: Verb | Grave): verb is Grave => verb === "destroy" || verb === "purge";

const extras = (verb: Verb | Grave, keepData: boolean | undefined) =>
  verb === "purge" && keepData ? { keepData: true } : {};

/**
 * Read anew what may have changed. Whatever came of it: it may have been done in part. What went wrong is told at once,
 * and not only when all is read, which takes as long as nobody answers.
 */
function useAnew(): (done: unknown, error: Error | null) => Promise<unknown> {
  const client = useQueryClient();
  return (_, error) => {
    const read = Promise.all([
      client.invalidateQueries({ queryKey: applications.all }),
      client.invalidateQueries({ queryKey: environments.all }),
    ]);
    return error ? Promise.resolve() : read;
  };
}

/** One application. Raises what the server says. */
export function useVerb() {
  const anew = useAnew();
  return useMutation({
    mutationKey: ["applications", "verb"],
    mutationFn: ({ name, verb, keepData }: Asked) =>
      write<unknown>(key(`applications:${verb}`, name), {
        query: { ...extras(verb, keepData), ...(grave(verb) ? { confirm: name } : {}) },
      }),
    onSettled: anew,
  });
}

/** Many applications; answers what became of each. */
export function useMany() {
  const anew = useAnew();
  return useMutation({
    mutationFn: async ({ names, verb, keepData }: AskedOfMany): Promise<Outcome[]> =>
      outcomes(
        names,
        await write<unknown[]>(`applications:${verb}`, {
          body: {
            filterByTk: names,
            ...extras(verb, keepData),
            ...(grave(verb) ? { confirm: names } : {}),
          },
        }),
      ),
    onSettled: anew,
  });
}

/** What of an application people change. */
export type Changes = Partial<
  Pick<Application, "displayName" | "icon" | "labels" | "pinned" | "cname" | "environments">
> & { options?: Partial<Application["options"]> };

/** Change one; answers its record. */
export function useUpdateApplication() {
  const anew = useAnew();
  return useMutation({
    mutationFn: ({ name, changes }: { name: string; changes: Changes }) =>
      write<Application[]>(key("applications:update", name), { body: changes }).then(([changed]) => changed),
    onSettled: anew,
  });
}

/** What the preflight found. */
export interface Checked {
  ok: boolean;
  findings: { level: "ok" | "warning" | "error"; code: string; message: string; remedy: string }[];
}

/** Find out what creating it would need; changes nothing. */
export function useCheckApplication() {
  return useMutation({
    mutationFn: (body: Record<string, unknown>) => write<Checked>("applications:check", { body }),
  });
}

/** Record a new one; answers its record with the job that makes it. */
export function useCreateApplication() {
  const anew = useAnew();
  return useMutation({
    mutationFn: (body: Record<string, unknown>) =>
      write<Application & { jobId: number }>("applications:create", { body }),
    onSettled: anew,
  });
}
