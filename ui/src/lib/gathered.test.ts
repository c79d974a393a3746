import { expect, test, vi } from "vitest";
import { gathered } from "@/lib/gathered";

test("the first asking is met at once, all others of the pause together behind it", () => {
  vi.useFakeTimers();
  const act = vi.fn();
  const renewal = gathered(act, 100);
  for (let count = 0; count < 50; count++) renewal.ask();
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(100);
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(1000);
  expect(act).toHaveBeenCalledTimes(2);
  renewal.ask();
  expect(act).toHaveBeenCalledTimes(3);
});

test("what is cancelled is not done any more", () => {
  vi.useFakeTimers();
  const act = vi.fn();
  const renewal = gathered(act, 100);
  renewal.ask();
  renewal.ask();
  renewal.cancel();
  vi.advanceTimersByTime(1000);
  expect(act).toHaveBeenCalledTimes(1);
});
