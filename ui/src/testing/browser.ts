/** What components ask of a browser and jsdom has not, and answers of the server that come when a test wants them. */
import { vi } from "vitest";

/** Before the first component is shown. */
export function asBrowser(): void {
  vi.stubGlobal("scrollTo", () => undefined);
  vi.stubGlobal("matchMedia", () => ({
    matches: false,
    addListener() {},
    removeListener() {},
    addEventListener() {},
    removeEventListener() {},
  }));
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    },
  );
  Element.prototype.scrollIntoView = () => undefined;
}

/** A promise that is kept or broken from outside. */
export function pledge<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((kept, broken) => {
    resolve = kept;
    reject = broken;
  });
  return { promise, resolve, reject };
}

export interface Asked {
  address: string;
  method: string;
  body: unknown;
  answer: (data: unknown) => void;
  refuse: (message: string) => void;
}

/** Everything that is asked from now on, each unanswered. */
export function asking(): Asked[] {
  const all: Asked[] = [];
  vi.stubGlobal("fetch", (address: string, init: RequestInit = {}) => {
    const { promise, resolve } = pledge<Response>();
    all.push({
      address,
      method: init.method ?? "GET",
      body: typeof init.body === "string" ? JSON.parse(init.body) : null,
      answer: (data) => resolve(new Response(JSON.stringify(data))),
      refuse: (message) =>
        resolve(new Response(JSON.stringify({ errors: [{ code: "REFUSED", message }] }), { status: 400 })),
    });
    return promise;
  });
  return all;
}

/** Those that change something. */
export const changesIn = (all: readonly Asked[]): Asked[] => all.filter(({ method }) => method !== "GET");
