/** What is told of jobs while they run: put into the lists that are shown, so that nothing is read anew for each step. */
import { useCallback, useEffect, useState } from "react";
import { hashKey, useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { readAnew } from "@/api/anew";
import type { Meta } from "@/api/client";
import { useNews } from "@/api/live";
import { jobs, type JobShown } from "@/api/queries/jobs";
import { gathered } from "@/lib/gathered";
import type { News } from "@/lib/live";

type Page = { rows: JobShown[]; meta: Meta };

/** A page with what was told laid over its rows, but for the title, which the page has in its own language. */
export function merged(page: Page, told: readonly JobShown[]): Page {
  const byId = new Map(told.map((job) => [job.id, job]));
  return { ...page, rows: page.rows.map((row) => ({ ...row, ...byId.get(row.id), title: row.title })) };
}

/** Whether it says why it failed. */
const saysWhy = ({ error }: JobShown): boolean => error !== null;

/** Has what is named read anew, now and then all of it together: a job that runs tells of each of its steps. */
function useRenewal(client: QueryClient): (key: QueryKey) => void {
  const [{ renew, cancel }] = useState(() => {
    const named = new Map<string, QueryKey>();
    const renewal = gathered(() => {
      const keys = [...named.values()];
      named.clear();
      return Promise.all(keys.map((key) => readAnew(client, key)));
    });
    const renew = (key: QueryKey) => {
      named.set(hashKey(key), key);
      renewal.ask();
    };
    return { renew, cancel: renewal.cancel };
  });
  useEffect(() => cancel, [cancel]);
  return renew;
}

/** Keep all jobs that are shown as they are, as long as the component is shown. */
export function useLiveJobs(): void {
  const client = useQueryClient();
  const renew = useRenewal(client);
  const hear = useCallback(
    (news: News) => {
      const told = news.rows as JobShown[] | undefined;
      if (!told) {
        renew(jobs.all);
        return;
      }
      // sentences are told here as they are kept, in English: lists read those in the language of the page
      const quiet = told.filter((job) => !saysWhy(job));
      client.setQueriesData<Page>({ queryKey: jobs.lists }, (page) => page && merged(page, quiet));
      for (const job of told) renew(jobs.get(job.id).queryKey);
      if (news.action === "create" || told.some((job) => job.finishedAt !== null || saysWhy(job))) {
        renew(jobs.lists);
      }
    },
    [client, renew],
  );
  useNews("jobs", hear);
}
