/** Applications and environments, as the main application's API answers them (docs/reference/applications.md). */
export type Observed =
  "preparing" | "initializing" | "initialized" | "running" | "commanding" | "stopped" | "error" | "not_found";

export type Wanted = "running" | "asleep" | "stopped" | "deleted";

export type StartMode = "onFirstVisit" | "withMain";
export type DbConnType = "new_database" | "new_schema" | "new_connection";
export type Dialect = "sqlite" | "postgres" | "mariadb" | "mysql";

export interface DatabaseOptions {
  dialect?: Dialect;
  host?: string;
  port?: number;
  username?: string;
  /** Only ever sent. */
  password?: string;
  database?: string;
  schema?: string;
  storage?: string;
}

export interface ApplicationOptions {
  startMode: StartMode;
  dbConnType: DbConnType;
  autoUpgrade: boolean;
  shareSession: boolean;
  inLauncher: boolean;
  inSwitcher: boolean;
  /** Seconds without a visit after which it is put to sleep. */
  sleepAfter?: number | null;
  /** `null`: the main application's. */
  lang?: string | null;
  timezone?: string | null;
  /** What was said of its service; what is missing is as the main application's. */
  database: DatabaseOptions;
}

/** What is being done with it, where that takes longer than a moment. */
export interface Doing {
  environment: string;
  message: string;
  /** From 0 to 1, where it is known. */
  progress: number | null;
}

/** Why it does not come up, and what can be done. */
export interface Failure {
  environment: string;
  step: string;
  message: string;
  since: string | null;
}

export interface Application {
  name: string;
  displayName: string | null;
  icon: string | null;
  labels: string[];
  pinned: boolean;
  cname: string | null;
  environments: string[];
  options: ApplicationOptions;
  status: Observed;
  /** Environment → what is observed there. */
  statuses: Record<string, Observed>;
  doing: Doing | null;
  failure: Failure | null;
  /** Environment → the plugins that failed there, while all else runs. */
  degraded: Record<string, string[]>;
  waitsFor: string | null;
  wanted: Wanted;
  version: string | null;
  url: string;
  addresses: string[];
  /** Until it is made: the job that makes it. */
  jobId: number | null;
  lastVisitAt: string | null;
  requests: number;
  errors: number;
  /** Milliseconds since the process began. */
  latency: { mean: number | null; p50: number | null; p95: number | null };
  createdAt: string;
  createdById: number | null;
  updatedAt: string | null;
  deletedAt: string | null;
}

/** What the launcher and the switcher show of one. */
export interface Card {
  name: string;
  displayName: string;
  icon: string | null;
  status: Observed;
  wanted: Wanted;
  pinned: boolean;
  labels: string[];
  /** Where a page of the main application leads. */
  url: string;
  inLauncher: boolean;
  inSwitcher: boolean;
  environments: string[];
}

/** Something that has happened to an application. */
export interface Happened {
  id: number;
  application: string;
  at: string;
  environment: string | null;
  observed: Observed | null;
  wanted: Wanted | null;
  reason: string | null;
  requestId: string | null;
  actor: string | null;
}

export interface Environment {
  name: string;
  /** Where people reach it. */
  url: string;
  /** Where requests are forwarded to. */
  proxyUrl: string;
  available: boolean;
  state: "online" | "suspect" | "offline";
  appVersion: string;
  /** Of the service on which databases are made there. */
  dialect: Dialect;
  lastHeartbeatAt: string | null;
  secured: boolean;
  /** How many run there, how many are to, and how many may. */
  applications: number;
  placed: number;
  capacity: number | null;
  load: { cpu?: number; memoryMb?: number; connections?: number };
  failure: string | null;
  warning: string | null;
}

/** The live topics of the main application. */
export const TOPICS = { applications: "applications", environments: "environments" } as const;
