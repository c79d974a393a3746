import { useEffect, useState } from "react";

const PAUSE_MS = 200;

/** The value once it has been the same for a moment: what is typed is asked for when the fingers rest. */
export function useDebounced<T>(value: T, pause = PAUSE_MS): T {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return settled;
}
