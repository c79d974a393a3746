/** What is typed counts at once, and is written elsewhere (into the address) when the typing pauses. */
import { useCallback, useEffect, useRef, useState } from "react";

const PAUSE_MS = 300;

/** Answers what is typed, and what to call with every key stroke. What changes `value` from elsewhere is taken over. */
export function useTyped(value: string, write: (typed: string) => void): [string, (typed: string) => void] {
  /** What was typed, over which value, and what of it was written last: that comes back as the value a little later. */
  const [state, setState] = useState({ typed: value, over: value, written: value });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = useCallback(
    (typed: string) => {
      setState(({ written }) => ({ typed, over: value, written }));
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        setState((state) => ({ ...state, written: typed }));
        write(typed);
      }, PAUSE_MS);
    },
    [value, write],
  );
  return [value === state.over || value === state.written ? state.typed : value, type];
}
