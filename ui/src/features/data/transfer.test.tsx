import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Collection } from "@/api/metadata";
import { plugins } from "@/api/queries/administration";
import { session } from "@/api/queries/session";
import { show } from "@/components/i18n/i18n";
import { TRANSFER } from "@/components/plugins";
import { ExportButton } from "@/features/data/ExportButton";
import { ImportButton } from "@/features/data/ImportButton";
import { ImportPlan } from "@/features/data/ImportPlan";
import { clientWith } from "@/testing/answers";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
beforeAll(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addListener() {}, removeListener() {} }));
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
  return show("en");
});
afterEach(cleanup);

const ORDERS = {
  key: "orders",
  name: "orders",
  title: "Orders",
  description: null,
  hidden: false,
  template: "general",
  filterTargetKey: "id",
  fields: [],
} as unknown as Collection;

/** The buttons of the table, for who may do these actions where these plugins work. */
function offered(actions: string[], working: string[]): (string | null)[] {
  const rights = {
    role: "clerk",
    strategy: { actions },
    actions: {},
    resources: [],
    snippets: [],
    allowAll: false,
    allowConfigure: false,
  };
  const client = clientWith(
    [session.user().queryKey, { id: 1, roles: [] }],
    [session.rights().queryKey, rights],
    [plugins.working().queryKey, working],
  );
  render(
    <QueryClientProvider client={client}>
      <ImportButton collection={ORDERS} />
      <ExportButton collection={ORDERS} fields={[]} />
    </QueryClientProvider>,
  );
  return screen.queryAllByRole("button").map((button) => button.textContent);
}

test.each([
  { actions: ["view", "import", "export"], working: [TRANSFER], seen: ["Import", "Export"] },
  { actions: ["view", "export:own"], working: [TRANSFER], seen: ["Export"] },
  { actions: ["view"], working: [TRANSFER], seen: [] },
  { actions: ["view", "import", "export"], working: ["users"], seen: [] },
])("of $actions, where $working work, $seen are offered", ({ actions, working, seen }) => {
  expect(offered(actions, working)).toEqual(seen);
});

test("a file that can not be read is told as such, and not as a page that can not be shown", async () => {
  const refused = { errors: [{ code: "UNREADABLE_CSV", message: "Line 2: the text is not UTF-8." }] };
  vi.stubGlobal("fetch", () =>
    Promise.resolve(
      new Response(JSON.stringify(refused), {
        status: 400,
        headers: { "content-type": "application/json" },
      }),
    ),
  );
  render(
    <QueryClientProvider client={clientWith()}>
      <ImportPlan
        collection={ORDERS}
        file={new File(["a"], "orders.csv")}
        onBack={() => undefined}
        onStarted={() => undefined}
      />
    </QueryClientProvider>,
  );
  expect(await screen.findByText("Line 2: the text is not UTF-8.", {}, { timeout: 50_000 })).toBeDefined();
  expect(screen.getByRole("heading", { level: 2 }).textContent).toBe("This file could not be read");
});
