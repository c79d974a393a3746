/** A job that makes an application, for tests. */
import type { JobShown } from "@/api/queries/jobs";

export const MAKING: JobShown = {
  id: 7,
  kind: "applications.create",
  title: "Create the application shop",
  status: "running",
  progress: 0.2,
  error: null,
  createdById: 1,
  finishedAt: null,
  input: { application: "shop" },
};
