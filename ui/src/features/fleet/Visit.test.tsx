import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { environments } from "@/api/queries/environments";
import { show } from "@/components/i18n/i18n";
import { Visit } from "@/features/fleet/Visit";
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
  return show("en");
});
afterEach(cleanup);

test("an environment that is offline is named, and leads nowhere", async () => {
  const client = clientWith([
    environments.list().queryKey,
    [
      { name: "w1", state: "online" },
      { name: "w2", state: "offline" },
    ],
  ]);
  render(
    <QueryClientProvider client={client}>
      <Visit
        application={{
          name: "shop",
          displayName: "Shop",
          url: "http://insula.example.com/apps/shop/admin/",
          cname: null,
          environments: ["w1", "w2"],
          status: "running",
          wanted: "running",
          jobId: null,
        }}
      />
    </QueryClientProvider>,
  );
  fireEvent.click(screen.getByRole("button", { name: "Visit Shop" }));
  expect(
    (await screen.findAllByRole("link", {}, { timeout: 60_000 })).map((link) => link.textContent),
  ).toEqual(["w1"]);
  const [, down] = screen.getAllByRole("menuitem");
  expect(down?.textContent).toBe("w2 (Offline)");
  expect(down?.getAttribute("aria-disabled")).toBe("true");
});
