import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { jobs, UNDER_WAY } from "@/api/queries/jobs";
import { show } from "@/components/i18n/i18n";
import { JobsButton } from "@/features/shell/JobsButton";
import { clientWith } from "@/testing/answers";
import { asBrowser, asking } from "@/testing/browser";
import { MAKING } from "@/testing/jobs";
import { shown } from "@/testing/shown";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const WAIT = { timeout: 60_000 };
beforeAll(() => {
  asBrowser();
  return show("en");
});
afterEach(cleanup);

const DONE = { ...MAKING, status: "succeeded" as const, finishedAt: "2026-01-01T00:00:00Z" };

/** Three are under way, none of them among those that ran lately. */
const client = () =>
  clientWith(
    [jobs.list({ pageSize: 6 }).queryKey, { rows: [DONE], meta: { count: 9, page: 1, pageSize: 6 } }],
    [
      jobs.list({ status: UNDER_WAY, pageSize: 1 }).queryKey,
      { rows: [MAKING], meta: { count: 3, page: 1, pageSize: 1 } },
    ],
  );

test("all that are under way are counted, not only those of the latest", async () => {
  asking();
  shown(client(), JobsButton);
  const button = await screen.findByRole("button", {}, WAIT);
  expect(button.getAttribute("aria-label")).toBe("Jobs, 3 under way");
});

test("opened, it has the focus; left by Escape, its button has it again", async () => {
  asking();
  shown(client(), JobsButton);
  const button = await screen.findByRole("button", {}, WAIT);
  fireEvent.click(button);
  const panel = await screen.findByLabelText("Jobs", { selector: "[tabindex='-1']" }, WAIT);
  await expect.poll(() => document.activeElement === panel, WAIT).toBe(true);
  fireEvent.keyDown(panel, { key: "Escape" });
  expect(document.activeElement).toBe(button);
  await expect.poll(() => button.getAttribute("aria-expanded"), WAIT).toBe("false");
});
