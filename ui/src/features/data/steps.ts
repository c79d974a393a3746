/** From cell to cell by arrow keys: one cell of a table is reached by Tab, the others from it. */
import type { KeyboardEvent } from "react";

const CELL = "td[tabindex]";

/** Go to the neighbour that an arrow key names, where there is one. */
export function step(event: KeyboardEvent<HTMLElement>): void {
  const next = neighbour(event.currentTarget, event.key);
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function neighbour(cell: HTMLElement, key: string): HTMLElement | null {
  switch (key) {
    case "ArrowLeft":
      return cellOf(cell.previousElementSibling);
    case "ArrowRight":
      return cellOf(cell.nextElementSibling);
    case "ArrowUp":
      return beside(cell, cell.parentElement?.previousElementSibling);
    case "ArrowDown":
      return beside(cell, cell.parentElement?.nextElementSibling);
    default:
      return null;
  }
}

const cellOf = (element: Element | null | undefined): HTMLElement | null =>
  element instanceof HTMLElement && element.matches(CELL) ? element : null;

function beside(cell: HTMLElement, row: Element | null | undefined): HTMLElement | null {
  const at = Array.prototype.indexOf.call(cell.parentElement?.children ?? [], cell);
  return cellOf(row?.children[at]);
}
