import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import type { TFunction } from "i18next";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Field, Row } from "@/api/metadata";
import { show } from "@/components/i18n/i18n";
import { briefColumns } from "@/features/data/brief";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
beforeAll(() => show("en"));
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
