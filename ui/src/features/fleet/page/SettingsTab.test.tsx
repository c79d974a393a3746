import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { App } from "antd";
import { useSyncExternalStore } from "react";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Application } from "@/api/fleet";
import { environments } from "@/api/queries/environments";
import { show } from "@/components/i18n/i18n";
import { SettingsTab } from "@/features/fleet/page/SettingsTab";
import { clientWith } from "@/testing/answers";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const WAIT = { timeout: 60_000 };
beforeAll(() => {
  vi.stubGlobal("scrollTo", () => undefined);
  vi.stubGlobal("matchMedia", () => ({ matches: false, addListener() {}, removeListener() {} }));
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    },
  );
  return show("en");
});
afterEach(cleanup);

const SHOP = {
  name: "shop",
  displayName: "Shop",
  icon: null,
  labels: [],
  pinned: false,
  cname: null,
  environments: ["local"],
  options: {
    startMode: "onFirstVisit",
    dbConnType: "new_database",
    autoUpgrade: true,
    shareSession: false,
    inLauncher: true,
    inSwitcher: true,
    sleepAfter: null,
    lang: null,
    timezone: null,
    database: {},
  },
  status: "stopped",
  statuses: { local: "stopped" },
  wanted: "asleep",
} as unknown as Application;

test("what others change meanwhile is shown, and is not sent back as it was", async () => {
  let shop = SHOP;
  const watchers = new Set<() => void>();
  const change = (changes: Partial<Application>) =>
    act(() => {
      shop = { ...shop, ...changes };
      for (const told of watchers) told();
    });
  const watch = (told: () => void) => {
    watchers.add(told);
    return () => watchers.delete(told);
  };
  function Tab() {
    return <SettingsTab application={useSyncExternalStore(watch, () => shop)} />;
  }
  const sent: unknown[] = [];
  vi.stubGlobal("fetch", (_address: string, { body }: { body: string }) => {
    sent.push(JSON.parse(body));
    return Promise.resolve(new Response(JSON.stringify({ data: [shop] })));
  });
  const client = clientWith([
    environments.list().queryKey,
    [{ name: "local", state: "online", dialect: "sqlite", placed: 1, capacity: null }],
  ]);
  const routeTree = createRootRoute({ component: Tab });
  const router = createRouter({ routeTree, history: createMemoryHistory() });
  render(
    <QueryClientProvider client={client}>
      <App>
        {/* The router of the test is not that of the pages, which all types know. */}
        <RouterProvider router={router as never} />
      </App>
    </QueryClientProvider>,
  );
  const name = await screen.findByLabelText<HTMLInputElement>("Name", {}, WAIT);
  const save = screen.getByText("Save changes").closest("button");
  change({ displayName: "Corner shop" });
  await expect.poll(() => name.value, WAIT).toBe("Corner shop");
  await expect.poll(() => save?.disabled, WAIT).toBe(true);

  fireEvent.change(name, { target: { value: "Green grocer" } });
  await expect.poll(() => save?.disabled, WAIT).toBe(false);
  change({ labels: ["of others"] });
  fireEvent.submit(name);
  await expect.poll(() => sent, WAIT).toEqual([{ displayName: "Green grocer" }]);
});
