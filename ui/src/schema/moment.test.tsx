import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Field } from "@/api/metadata";
import { show } from "@/components/i18n/i18n";
import { FieldInput } from "@/schema/FieldInput";
import { readTyped } from "@/schema/kinds/Typed";
import { Unreadable } from "@/schema/types";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
beforeAll(() => {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe = vi.fn();
      unobserve = vi.fn();
      disconnect = vi.fn();
    },
  );
  return show("en");
});
afterAll(() => vi.unstubAllGlobals());
afterEach(cleanup);

const DAY = { name: "day", type: "dateOnly", interface: "date" } as unknown as Field;
const WALL = { name: "wall", type: "datetimeNoTz", interface: "datetimeNoTz" } as unknown as Field;
const TIME = { name: "time", type: "time", interface: "time" } as unknown as Field;

/** An input that keeps what it tells, as forms do: what it told last, and how to give it another value. */
function drawn(field: Field, first: unknown) {
  const told: unknown[] = [];
  let give: (value: unknown) => void = () => undefined;
  function Form() {
    const [value, setValue] = useState(first);
    give = setValue;
    const change = (next: unknown) => {
      told.push(next);
      setValue(next);
    };
    return <FieldInput field={field} value={value} onChange={change} aria-label="Value" />;
  }
  const { rerender } = render(<Form />);
  return {
    last: () => told.at(-1),
    give: (value: unknown) => {
      give(value);
      rerender(<Form />);
    },
  };
}

const input = (): HTMLInputElement => screen.getByLabelText("Value");
const type = (text: string) => fireEvent.change(input(), { target: { value: text } });

test("a day that can not be read stays where it was typed, and is told", () => {
  const form = drawn(DAY, "2026-03-02");
  expect(input().value).toBe("03/02/2026");
  fireEvent.focus(input());
  type("31/12/2026");
  expect(form.last()).toEqual(new Unreadable("31/12/2026"));
  fireEvent.keyDown(input(), { key: "Tab" });
  fireEvent.blur(input());
  expect(input().value).toBe("31/12/2026");
  expect(form.last()).toBeInstanceOf(Unreadable);
  type("12/31/2026");
  expect(form.last()).toBe("2026-12-31");
  type("");
  expect(form.last()).toBeNull();
});

test("what was typed goes where the value is given from elsewhere", () => {
  const form = drawn(DAY, "2026-03-02");
  type("31/12/2026");
  form.give("2026-03-02");
  expect(input().value).toBe("03/02/2026");
});

test("other ways to write a moment are understood once people are done", () => {
  const form = drawn(WALL, null);
  fireEvent.focus(input());
  type("3/5/2026 9:15 pm");
  expect(form.last()).toBeInstanceOf(Unreadable);
  fireEvent.blur(input());
  expect(form.last()).toBe("2026-03-05 21:15:00");
  expect(input().value).toBe("03/05/2026 9:15:00 PM");
  cleanup();
  const time = drawn(TIME, null);
  fireEvent.focus(input());
  type("9:15");
  fireEvent.keyDown(input(), { key: "Enter" });
  expect(time.last()).toBe("09:15:00");
});

test("typed text has its format to the letter", () => {
  expect(readTyped(" 2026-02-28 ", ["YYYY-MM-DD"])?.format("D.M.YYYY")).toBe("28.2.2026");
  expect(readTyped("2026-02-30", ["YYYY-MM-DD"])).toBeNull();
  expect(readTyped("", ["YYYY-MM-DD"])).toBeNull();
});
