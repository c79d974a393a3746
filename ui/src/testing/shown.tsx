/** Pages with what they need around them, and forms that are left before their answer has come, for tests. */
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, fireEvent, render, screen } from "@testing-library/react";
import { App } from "antd";
import { useState, type ReactNode } from "react";
import { expect } from "vitest";
import { asking, changesIn } from "@/testing/browser";

const WAIT = { timeout: 60_000 };

/** A page with its client and a router, of which no link leads anywhere. */
export function shown(client: QueryClient, Page: () => ReactNode) {
  const router = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory(),
  });
  return render(
    <QueryClientProvider client={client}>
      <App>
        {/* The router of the test is not that of the pages, which all types know. */}
        <RouterProvider router={router as never} />
      </App>
    </QueryClientProvider>,
  );
}

/** Whether the refusal of what was sent with `send` is told though the form is gone. */
export async function tellsLate(client: QueryClient, form: ReactNode, send: () => void | Promise<void>) {
  const asked = asking();
  let leave = (): void => undefined;
  shown(client, function Page() {
    const [there, setThere] = useState(true);
    leave = () => setThere(false);
    return there && form;
  });
  await send();
  await expect.poll(() => changesIn(asked).length, WAIT).toBe(1);
  act(() => leave());
  changesIn(asked)[0]?.refuse("It came too late.");
  const told = await screen.findByRole("alert", {}, WAIT);
  expect(told.textContent).toContain("It came too late.");
}

/** Type into the field of that label. */
export async function typeInto(label: string, value: string) {
  fireEvent.change(await screen.findByLabelText(label, {}, WAIT), { target: { value } });
}

/** Press the button of that text. */
export async function press(text: string) {
  const buttons = await screen.findAllByText(text, { selector: "button span" }, WAIT);
  fireEvent.click(buttons.at(-1) as Element);
}
