/** Whether a component is still shown when an answer comes: who has left it hears of a failure elsewhere. */
import { useEffect, useRef, type RefObject } from "react";

export function useHere(): RefObject<boolean> {
  const here = useRef(false);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  return here;
}
