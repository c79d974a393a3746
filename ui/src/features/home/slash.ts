import { useEffect, useRef } from "react";

const WRITES = "input, textarea, select, [contenteditable=true]";

/** Do something when `/` is pressed, unless the person is writing somewhere. */
export function useSlash(press: () => void): void {
  const latest = useRef(press);
  useEffect(() => {
    latest.current = press;
  });
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      const writes = event.target instanceof Element && event.target.matches(WRITES);
      if (event.key !== "/" || writes || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      latest.current();
    };
    document.addEventListener("keydown", hear);
    return () => document.removeEventListener("keydown", hear);
  }, []);
}
