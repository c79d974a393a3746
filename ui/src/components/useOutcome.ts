/** Tells what comes of what a form was sent for: in the form, or in a corner of the page where it was closed meanwhile. */
import { useEffect, useRef } from "react";
import { useTold } from "@/components/told";

export interface Outcome<T> {
  /** The sentence that it is done, wherever people are by then. */
  said?: (answer: T) => string;
  /** Only where the form is still the one that was sent. */
  done: (answer: T) => void;
  refused: (error: unknown) => void;
}

/** Of a form that goes when it is closed; one that stays says whether it is `open`. */
export function useOutcome(open = true) {
  const told = useTold();
  const opened = useRef<object | null>(null);
  useEffect(() => {
    if (open) opened.current = {};
    return () => {
      opened.current = null;
    };
  }, [open]);
  // Awaited: callbacks of `mutate` hear nothing any more once the form is gone.
  return <T>(asked: Promise<T>, { said, done, refused }: Outcome<T>): void => {
    const begun = opened.current;
    const here = () => begun !== null && opened.current === begun;
    asked.then(
      (answer) => {
        if (said) told.done(said(answer));
        if (here()) done(answer);
      },
      (error: unknown) => (here() ? refused(error) : told.failed(error)),
    );
  };
}
