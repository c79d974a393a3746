import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Happened } from "@/api/fleet";
import { applications } from "@/api/queries/applications";
import { show } from "@/components/i18n/i18n";
import { HistoryTab } from "@/features/fleet/page/HistoryTab";
import { clientWith } from "@/testing/answers";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
beforeAll(() => {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    },
  );
  const unheard = { matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() };
  vi.stubGlobal("matchMedia", () => unheard);
  return show("en");
});
afterEach(cleanup);

const event: Happened = {
  id: 1,
  application: "shop",
  at: "2026-11-22T10:00:00Z",
  environment: null,
  observed: null,
  wanted: null,
  reason: "upgraded",
  requestId: null,
  actor: "Ada",
};

test("an upgrade is said to have happened, and a wish with its reason", () => {
  const rows = [{ ...event, id: 2, wanted: "stopped", reason: "put away" } as Happened, event];
  const client = clientWith([applications.history("shop").queryKey, { rows, meta: { count: 2 } }]);
  render(
    <QueryClientProvider client={client}>
      <HistoryTab name="shop" />
    </QueryClientProvider>,
  );
  const cells = screen
    .getAllByRole("row")
    .slice(-2)
    .map((row) =>
      within(row)
        .getAllByRole("cell")
        .map(({ textContent }) => textContent),
    );
  expect(cells.map(([, what, why]) => [what, why])).toEqual([
    ["should be: Stopped", "put away"],
    ["Upgraded", ""],
  ]);
});
