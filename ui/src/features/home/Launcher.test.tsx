import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { applications } from "@/api/queries/applications";
import { session } from "@/api/queries/session";
import { show } from "@/components/i18n/i18n";
import { Launcher } from "@/features/home/Launcher";
import { clientWith } from "@/testing/answers";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
beforeAll(() => {
  vi.stubGlobal("WebSocket", vi.fn());
  return show("en");
});
afterEach(cleanup);

const SHOP = {
  name: "shop",
  displayName: "Shop",
  icon: null,
  status: "running",
  wanted: "running",
  pinned: false,
  labels: [],
  url: "/apps/shop/admin/",
};

test.each([
  { cards: [], fields: 0 },
  { cards: [SHOP], fields: 1 },
])("among $cards.length applications there are $fields fields to search in", ({ cards, fields }) => {
  const client = clientWith(
    [session.rights().queryKey, { allowAll: false, snippets: [] }],
    [
      applications.mine("", "launcher").queryKey,
      { pages: [{ rows: cards, meta: { count: cards.length } }], pageParams: [1] },
    ],
  );
  render(
    <QueryClientProvider client={client}>
      <Launcher />
    </QueryClientProvider>,
  );
  expect(screen.queryAllByRole("link")).toHaveLength(cards.length);
  expect(screen.queryAllByRole("searchbox")).toHaveLength(fields);
});
