import { expect, test } from "vitest";
import { failedPlugins, isPending, mayMove, possible, shownStatus } from "@/components/status";

test("what sleeps is told from what was stopped, and what is deleted from both", () => {
  expect(shownStatus("stopped", "asleep")).toBe("asleep");
  expect(shownStatus("stopped", "stopped")).toBe("stopped");
  expect(shownStatus("stopped", "deleted")).toBe("deleted");
  expect(shownStatus("error", "asleep")).toBe("error");
  expect(shownStatus("stopped")).toBe("stopped");
  expect(isPending(shownStatus("commanding", "running"))).toBe(true);
});

const doable = (given: Parameters<typeof possible>[0]): string[] =>
  Object.entries(possible(given))
    .filter(([, may]) => may)
    .map(([verb]) => verb);

test("one can be asked for what its status allows", () => {
  expect(doable({ status: "running", wanted: "running", jobId: null })).toEqual([
    "visit",
    "stop",
    "sleep",
    "restart",
    "upgrade",
  ]);
  expect(doable({ status: "stopped", wanted: "stopped", jobId: null })).toEqual(["start", "upgrade"]);
  // stopped, of which one of its environments can tell nothing
  expect(doable({ status: "error", wanted: "stopped", jobId: null })).toEqual(["start", "stop", "upgrade"]);
  expect(doable({ status: "stopped", wanted: "asleep", jobId: null })).toEqual([
    "visit",
    "start",
    "stop",
    "upgrade",
  ]);
  expect(doable({ status: "stopped", wanted: "deleted", jobId: null })).toEqual(["restore", "purge"]);
  expect(doable({ status: "preparing", wanted: "running", jobId: 7 })).toEqual([]);
});

test("one moves while it is stopped, or where it is placed nowhere", () => {
  const known = [{ name: "east" }, { name: "west" }];
  expect(mayMove({ wanted: "running", statuses: { east: "running" } }, known)).toBe(false);
  expect(mayMove({ wanted: "asleep", statuses: { east: "stopped" } }, known)).toBe(false);
  expect(mayMove({ wanted: "stopped", statuses: { east: "error", west: "stopped" } }, known)).toBe(true);
  expect(mayMove({ wanted: "running", statuses: { local: "error" } }, known)).toBe(true);
  expect(mayMove({ wanted: "running", statuses: { local: "error", west: "running" } }, known)).toBe(false);
});

test("plugins that failed are named once, however many environments they failed in", () => {
  expect(failedPlugins({ degraded: {} })).toEqual([]);
  expect(failedPlugins({ degraded: { west: ["shelf", "boxes"], east: ["shelf"] } })).toEqual([
    "boxes",
    "shelf",
  ]);
});
