/** Tables that may be wider than the screen, with nothing in them to press. */
import type { ComponentProps } from "react";

function Reached(props: ComponentProps<"table">) {
  // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- once it is reached, arrows scroll it
  return <table {...props} tabIndex={0} />;
}

/** What to give as `components`: else nobody scrolls such a table by keyboard. */
export const REACHED = { table: Reached };
