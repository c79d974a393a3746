import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { useLiveJobs } from "@/api/jobs-live";
import { live } from "@/api/live";
import { jobs, type JobShown } from "@/api/queries/jobs";
import type { News } from "@/lib/live";
import { clientWith } from "@/testing/answers";
import { MAKING as job } from "@/testing/jobs";

vi.setConfig({ testTimeout: 60_000 });
afterEach(cleanup);

function Listening() {
  useLiveJobs();
  return null;
}

test("why a job failed is read in the language of the page, and not shown as it is told", async () => {
  let tell: ((news: News) => void) | undefined;
  vi.spyOn(live, "listen").mockImplementation((_topic, listener) => {
    tell = listener;
    return () => {};
  });
  const key = [...jobs.lists, "test"];
  const client = clientWith([key, { rows: [job], meta: { page: 1, pageSize: 20 } }]);
  const shown = () => client.getQueryData<{ rows: JobShown[] }>(key)?.rows[0];
  render(
    <QueryClientProvider client={client}>
      <Listening />
    </QueryClientProvider>,
  );
  const say = (rows: JobShown[]) => tell?.({ topic: "jobs", action: "update", rows } as unknown as News);
  say([{ ...job, progress: 0.6 }]);
  expect(shown()?.progress).toBe(0.6);
  expect(client.getQueryState(key)?.isInvalidated).toBe(false);
  say([{ ...job, status: "failed", error: "create: It is busy." }]);
  expect(shown()?.error).toBeNull();
  await expect.poll(() => client.getQueryState(key)?.isInvalidated, { timeout: 60_000 }).toBe(true);
});
