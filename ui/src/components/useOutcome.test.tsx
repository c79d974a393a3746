import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { App } from "antd";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { show } from "@/components/i18n/i18n";
import { useOutcome } from "@/components/useOutcome";
import { asBrowser, pledge } from "@/testing/browser";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const WAIT = { timeout: 60_000 };
beforeAll(() => {
  asBrowser();
  return show("en");
});
afterEach(cleanup);

/** A form that was sent, and what comes of it. */
function sent() {
  const { promise, resolve, reject } = pledge<string>();
  const done = vi.fn();
  const refused = vi.fn();
  function Form({ open }: { open: boolean }) {
    const outcome = useOutcome(open);
    return (
      <button onClick={() => outcome(promise, { said: (answer) => `Made ${answer}`, done, refused })}>
        Send
      </button>
    );
  }
  const page = (open: boolean | null) => <App>{open !== null && <Form open={open} />}</App>;
  const { rerender } = render(page(true));
  fireEvent.click(screen.getByRole("button", { name: "Send" }));
  const turn = (open: boolean | null) => rerender(page(open));
  return { turn, resolve, reject, done, refused };
}

test("what comes of a form that is still there is shown in it", async () => {
  const good = sent();
  good.resolve("shop");
  await expect.poll(() => good.done.mock.calls, WAIT).toEqual([["shop"]]);
  await screen.findByText("Made shop", {}, WAIT);
  cleanup();
  const bad = sent();
  bad.reject(new Error("no"));
  await expect.poll(() => bad.refused.mock.calls.length, WAIT).toBe(1);
  expect(screen.queryByRole("alert")).toBeNull();
});

test.each([
  ["went", [null]],
  ["was closed", [false]],
  ["was opened for another", [false, true]],
])("a form that %s hears of nothing, and people hear all the same", async (_, turns) => {
  const good = sent();
  turns.forEach(good.turn);
  good.resolve("shop");
  await screen.findByText("Made shop", {}, WAIT);
  expect(good.done).not.toHaveBeenCalled();
  cleanup();
  const bad = sent();
  turns.forEach(bad.turn);
  bad.reject(new Error("no"));
  await screen.findByRole("alert", {}, WAIT);
  expect(bad.refused).not.toHaveBeenCalled();
});
