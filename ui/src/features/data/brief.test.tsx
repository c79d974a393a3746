import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import type { TFunction } from "i18next";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Field, Row } from "@/api/metadata";
import { show } from "@/components/i18n/i18n";
import { briefColumns } from "@/features/data/brief";
import { lookOf } from "@/schema/registry";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
beforeAll(() => {
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

test("a related record is opened by a button that the keyboard reaches, and that holds no link of its own", () => {
  const opened: Row[] = [];
  const email = { name: "email", type: "string", interface: "email" } as unknown as Field;
  const [first] = briefColumns(((key: string) => key) as unknown as TFunction, [email], (row) =>
    opened.push(row),
  );
  const row = { id: 1, email: "kim@example.com" };
  render(<>{first?.render?.(undefined, row, 0)}</>);
  expect(screen.queryByRole("link")).toBeNull();
  const button = screen.getByRole("button", { name: "kim@example.com" });
  button.focus();
  expect(document.activeElement).toBe(button);
  fireEvent.click(button);
  expect(opened).toEqual([row]);
});

test.each(["input", "textarea"])(
  "text of people has its own direction where it is shown and entered (%s)",
  (of) => {
    const field = { name: "name", type: "string", interface: of } as unknown as Field;
    const { Cell, Input } = lookOf(field);
    render(
      <>
        <Cell field={field} value="مرحبا" />
        {Input && <Input field={field} value="مرحبا" aria-label="Name" />}
      </>,
    );
    expect(
      screen.getAllByText("مرحبا").map((shown) => shown.closest("[dir]")?.getAttribute("dir")),
    ).not.toContain(undefined);
    expect(screen.getByRole("textbox", { name: "Name" }).getAttribute("dir")).toBe("auto");
  },
);
