import { expect, test } from "vitest";
import { merged } from "@/api/jobs-live";
import type { JobShown } from "@/api/queries/jobs";
import { applicationOf } from "@/components/job-texts";
import { lineText, verbsOf } from "@/components/JobProgress";
import { MAKING as job } from "@/testing/jobs";

test("what is told of jobs is laid over the rows that are shown, and adds none", () => {
  const page = { rows: [job, { ...job, id: 8 }], meta: { page: 1, pageSize: 20 } };
  const told: JobShown = { ...job, title: "In another language", progress: 0.6 };
  delete told.input;
  const { rows } = merged(page, [told, { ...job, id: 9 }]);
  expect(rows.map(({ id, progress }) => [id, progress])).toEqual([
    [7, 0.6],
    [8, 0.2],
  ]);
  expect(rows[0]?.input).toEqual({ application: "shop" });
  expect(rows[0]?.title).toBe(job.title);
});

test("which application a job makes", () => {
  expect(applicationOf(job)).toBe("shop");
  expect(applicationOf({ ...job, kind: "records.import" })).toBeNull();
});

test("what can be done with a job depends on its state, and on whether it can be undone", () => {
  expect(verbsOf({ status: "running", undoable: true })).toEqual(["cancel"]);
  expect(verbsOf({ status: "failed", undoable: true })).toEqual(["retry", "undo"]);
  expect(verbsOf({ status: "cancelled", undoable: false })).toEqual(["retry"]);
  expect(verbsOf({ status: "succeeded", undoable: true })).toEqual(["undo"]);
  expect(verbsOf({ status: "undone", undoable: true })).toEqual([]);
});

test("a line of a log begins with the time of day, where it begins with a moment", () => {
  expect(lineText("2026-11-22T01:16:15.200Z plugin 4 of 8: acl")).toMatch(/^\d+:16 .*plugin 4 of 8: acl$/);
  expect(lineText("no moment here")).toBe("no moment here");
});
