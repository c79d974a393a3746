import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { useLiveJobs } from "@/api/jobs-live";
import { live } from "@/api/live";
import { jobs, type JobShown } from "@/api/queries/jobs";
import type { News } from "@/lib/live";
import { clientWith } from "@/testing/answers";

afterEach(cleanup);

const job: JobShown = {
  id: 7,
  kind: "applications.create",
  title: "Create the application shop",
  status: "running",
  progress: 0.2,
  error: null,
  createdById: 1,
  finishedAt: null,
};

function Listening() {
  useLiveJobs();
  return null;
}

test("why a job failed is read in the language of the page, and not shown as it is told", () => {
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
  expect(client.getQueryState(key)?.isInvalidated).toBe(true);
});
