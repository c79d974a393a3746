import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { key, list, read } from "@/api/client";

export type JobStatus = "waiting" | "running" | "succeeded" | "failed" | "cancelled" | "undoing" | "undone";
export type StepStatus = Exclude<JobStatus, "undoing">;

export interface JobStep {
  name: string;
  status: StepStatus;
  /** From 0 to 1. */
  progress: number;
  /** Lines that begin with a moment in UTC. */
  log: string[];
  error: string | null;
  attempts: number;
  result: unknown;
  /** What it has done so far, of steps that tell. */
  state?: unknown;
}

/** A job as lists and live changes tell of it. */
export interface JobShown {
  id: number;
  kind: string;
  title: string;
  status: JobStatus;
  /** From 0 to 1, each step counting the same. */
  progress: number;
  error: string | null;
  createdById: number | null;
  createdAt?: string;
  finishedAt: string | null;
  input?: Record<string, unknown> | null;
}

/** One job with its steps. */
export interface Job extends JobShown {
  steps: JobStep[];
  createdAt: string;
  startedAt: string | null;
  /** Whether what it does can be taken back. */
  undoable: boolean;
}

/** Of lists: all but the steps. */
const SHOWN = [
  "id",
  "kind",
  "title",
  "status",
  "progress",
  "error",
  "createdById",
  "createdAt",
  "finishedAt",
  "input",
];

export interface JobsAsked {
  page?: number;
  pageSize?: number;
  status?: readonly JobStatus[] | undefined;
  /** Those that make this application. */
  application?: string | undefined;
}

function filterOf({ status, application }: JobsAsked): object | undefined {
  const filter = {
    ...(status ? { "status.$in": status } : {}),
    ...(application ? { "input.application.$eq": application } : {}),
  };
  return Object.keys(filter).length > 0 ? filter : undefined;
}

/** Longer work, made of steps; people see their own jobs, administrators those of others too. */
export const jobs = {
  all: ["jobs"] as const,
  lists: ["jobs", "list"] as const,
  list: (asked: JobsAsked = {}) =>
    queryOptions({
      queryKey: [...jobs.lists, asked],
      queryFn: ({ signal }) => {
        const { page = 1, pageSize = 20 } = asked;
        const query = { fields: SHOWN, sort: "-id", page, pageSize, filter: filterOf(asked) };
        return list<JobShown>("jobs:list", { query, signal });
      },
      placeholderData: keepPreviousData,
    }),
  get: (id: number) =>
    queryOptions({
      queryKey: [...jobs.all, "one", id],
      queryFn: ({ signal }) => read<Job>(key("jobs:get", id), { signal }),
    }),
};

export const UNDER_WAY: readonly JobStatus[] = ["waiting", "running", "undoing"];
export const isUnderWay = (status: JobStatus): boolean => UNDER_WAY.includes(status);
