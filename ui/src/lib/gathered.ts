/**
 * Asked for often, done now and then: at once, and once more behind what came meanwhile. What is still being done is not
 * begun again: where it takes longer than the pause, it would be ended each time, and never be done.
 */
const PAUSE_MS = 300;
/** After so long it counts as never done, such as over a connection that is dead. */
const LONGEST_MS = 6000;

export interface Gathered {
  ask: () => void;
  cancel: () => void;
}

export function gathered(act: () => unknown, pauseMs: number = PAUSE_MS): Gathered {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  /** What is being done now, until it is done. */
  let busy: Promise<unknown> | undefined;
  let waited = 0;
  const rest = (): void => {
    waited += pauseMs;
    if (busy && waited < LONGEST_MS) {
      timer = setTimeout(rest, pauseMs);
      return;
    }
    timer = undefined;
    if (!again) return;
    again = false;
    begin();
  };
  const begin = (): void => {
    const begun = act();
    const free = () => {
      if (busy === begun) busy = undefined;
    };
    busy = begun instanceof Promise ? begun : undefined;
    busy?.then(free, free);
    waited = 0;
    timer = setTimeout(rest, pauseMs);
  };
  return {
    ask: () => {
      if (timer === undefined) begin();
      else again = true;
    },
    cancel: () => {
      clearTimeout(timer);
      timer = undefined;
      again = false;
    },
  };
}
