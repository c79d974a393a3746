/** Asked for often, done now and then: at once, and once more behind what came meanwhile. */
const PAUSE_MS = 300;

export interface Gathered {
  ask: () => void;
  cancel: () => void;
}

export function gathered(act: () => void, pauseMs: number = PAUSE_MS): Gathered {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const rest = (): void => {
    timer = undefined;
    if (!again) return;
    again = false;
    begin();
  };
  const begin = (): void => {
    act();
    timer = setTimeout(rest, pauseMs);
  };
  return {
    ask: () => {
      if (timer === undefined) begin();
      else again = true;
    },
    cancel: () => clearTimeout(timer),
  };
}
