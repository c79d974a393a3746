import { expect, test } from "vitest";
import { ApiError } from "@/api/client";
import { passes } from "@/api/errors";

test("asks again while the server is away or busy, and not for what stays as it is", () => {
  expect(passes(new ApiError(0, "NETWORK", "No answer came."))).toBe(true);
  expect(passes(new ApiError(503, "APP_STARTING", "It is starting."))).toBe(true);
  expect(passes(new ApiError(503, "PLUGIN_FAILED", "The plugin is off."))).toBe(false);
  expect(passes(new ApiError(404, "NOT_FOUND", "There is none."))).toBe(false);
  expect(passes(new Error("a defect"))).toBe(false);
});
