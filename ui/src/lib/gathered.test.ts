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

test("what is still being done is not begun again, unless it is never done", async () => {
  vi.useFakeTimers();
  let answer: () => void = () => undefined;
  const act = vi.fn(
    () =>
      new Promise<void>((done) => {
        answer = done;
      }),
  );
  const renewal = gathered(act, 100);
  renewal.ask();
  renewal.ask();
  await vi.advanceTimersByTimeAsync(1000);
  expect(act).toHaveBeenCalledTimes(1);
  answer();
  await vi.advanceTimersByTimeAsync(100);
  expect(act).toHaveBeenCalledTimes(2);
  renewal.ask();
  await vi.advanceTimersByTimeAsync(5000);
  expect(act).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(1000);
  expect(act).toHaveBeenCalledTimes(3);
});

test("what was cancelled can be asked for anew", () => {
  vi.useFakeTimers();
  const act = vi.fn();
  const renewal = gathered(act, 100);
  renewal.ask();
  renewal.cancel();
  renewal.ask();
  expect(act).toHaveBeenCalledTimes(2);
});
