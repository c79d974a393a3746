import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { App } from "antd";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import * as api from "@/api/client";
import { applications } from "@/api/queries/applications";
import { show } from "@/components/i18n/i18n";
import { Bulk } from "@/features/fleet/Bulk";
import { clientWith } from "@/testing/answers";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
beforeAll(() => show("en"));
afterEach(cleanup);

test("what became of many is told with the names that people see", async () => {
  const rows = [
    { name: "a_1", displayName: "Shop" },
    { name: "a_2", displayName: "Depot" },
  ];
  const client = clientWith([applications.list({}).queryKey, { rows, meta: {} }]);
  const refused = { name: "a_2", errors: [{ code: "X", message: "It is busy." }] };
  vi.spyOn(api, "write").mockResolvedValue([{ name: "a_1", errors: 0 }, refused, { name: "a_3", errors: 0 }]);
  render(
    <QueryClientProvider client={client}>
      <App>
        <Bulk
          chosen={["a_1", "a_2", "a_3"]}
          called={(name) => applications.calledIn(client, name)}
          deleted={false}
          clear={() => client.clear()}
        />
      </App>
    </QueryClientProvider>,
  );
  fireEvent.click(screen.getByRole("button", { name: "Start" }));
  const came = await screen.findByRole("status", {}, { timeout: 30_000 });
  expect(came.textContent).toContain("Depot It is busy.");
  expect(came.textContent).toContain("Shop, a_3");
});
