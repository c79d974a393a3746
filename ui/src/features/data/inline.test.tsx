import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { App } from "antd";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Collection } from "@/api/metadata";
import { show } from "@/components/i18n/i18n";
import { useInlineEdit } from "@/features/data/useInlineEdit";
import { clientWith } from "@/testing/answers";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
beforeAll(() => show("en"));
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const ORDERS = { name: "orders", filterTargetKey: "id", fields: [] } as unknown as Collection;
const REFUSAL = { errors: [{ code: "INVALID_VALUE", message: "It is too long.", field: "number" }] };

function Cell() {
  const edit = useInlineEdit(ORDERS);
  return <button onClick={() => edit.store(1, "number", "xx")}>Store</button>;
}

test("a change that is refused after its table was left is told in a corner of the page", async () => {
  let answer: (answer: Response) => void = () => undefined;
  const asked = vi.fn(
    () =>
      new Promise<Response>((resolve) => {
        answer = resolve;
      }),
  );
  vi.stubGlobal("fetch", asked);
  const page = (there: boolean) => (
    <QueryClientProvider client={clientWith()}>
      <App>{there && <Cell />}</App>
    </QueryClientProvider>
  );
  const { rerender } = render(page(true));
  fireEvent.click(screen.getByRole("button", { name: "Store" }));
  await expect.poll(() => asked.mock.calls.length, { timeout: 60_000 }).toBe(1);
  rerender(page(false));
  answer(new Response(JSON.stringify(REFUSAL), { status: 400 }));
  const told = await screen.findByRole("alert", {}, { timeout: 60_000 });
  expect(told.textContent).toContain("It is too long.");
});
