/** What the list of applications shows: as it stands in the address, and as the server is asked for it. */
import type { Query } from "@/api/client";
import type { StartMode } from "@/api/fleet";
import type { Shown } from "@/components/status";

/** Kinds of status that people look for; `working` stands for all that go on by themselves. */
export const KINDS = ["running", "asleep", "stopped", "working", "error"] as const;
export type Kind = (typeof KINDS)[number];

const SORTED: readonly string[] = [
  ...["displayName", "name", "status", "options.startMode", "cname", "version"],
  ...["lastVisitAt", "deletedAt"],
];

export const PAGE_SIZES = [20, 50, 100] as const;

/** In the address stands only what is not as usual. Several values are one text, with commas. */
export interface Search {
  q?: string;
  page?: number;
  size?: number;
  /** A field, with `-` before it where the last comes first. */
  sort?: string;
  status?: string;
  environment?: string;
  start?: StartMode;
  /** Not with commas: a label may have one. */
  labels?: string[];
  shown?: "deleted";
}

export const SIZE = 20;
export const SORT = "displayName";
export const SORT_DELETED = "-deletedAt";

const text = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : "";

const whole = (value: unknown): number => {
  const number = Number(value);
  return Number.isSafeInteger(number) && number > 0 ? number : 1;
};

const isKind = (word: string): word is Kind => (KINDS as readonly string[]).includes(word);

/** The kinds of status that are named in the address. */
export const kinds = (search: Search): Kind[] => (search.status ?? "").split(",").filter(isKind);

const sortable = (sort: string): boolean => SORTED.includes(sort.startsWith("-") ? sort.slice(1) : sort);

/** Whatever stands in the address, without what is unknown and what is as usual. */
export function readSearch(raw: Record<string, unknown>): Search {
  const found: Search = {};
  const q = text(raw["q"]);
  const page = whole(raw["page"]);
  const size = whole(raw["size"]);
  const sort = text(raw["sort"]);
  const status = kinds({ status: text(raw["status"]) }).join(",");
  const environment = text(raw["environment"]);
  const labels = Array.isArray(raw["labels"]) ? raw["labels"].map(text).filter(Boolean) : [];
  const deleted = raw["shown"] === "deleted";
  if (q) found.q = q;
  if (page > 1) found.page = page;
  if (size !== SIZE && (PAGE_SIZES as readonly number[]).includes(size)) found.size = size;
  if (sortable(sort) && sort !== (deleted ? SORT_DELETED : SORT)) found.sort = sort;
  if (status) found.status = status;
  if (environment) found.environment = environment;
  if (raw["start"] === "withMain" || raw["start"] === "onFirstVisit") found.start = raw["start"];
  if (labels.length > 0) found.labels = labels;
  if (deleted) found.shown = "deleted";
  return found;
}

const PENDING: readonly Shown[] = ["preparing", "initializing", "initialized", "commanding"];

const OF_KIND: Record<Kind, object> = {
  running: { status: "running" },
  asleep: { $and: [{ status: "stopped" }, { wanted: "asleep" }] },
  stopped: { $and: [{ status: "stopped" }, { wanted: { $ne: "asleep" } }] },
  working: { status: { $in: PENDING } },
  error: { status: "error" },
};

/** The conditions that all have to hold. */
function conditions(search: Search): object[] {
  const found: object[] = [{ wanted: search.shown === "deleted" ? "deleted" : { $ne: "deleted" } }];
  const word = search.q?.trim();
  if (word) {
    const within = { $includes: word };
    found.push({
      $or: [{ displayName: within }, { name: within }, { cname: within }, { labels: within }],
    });
  }
  const wanted = kinds(search);
  if (wanted.length > 0) found.push({ $or: wanted.map((kind) => OF_KIND[kind]) });
  if (search.environment) found.push({ environments: { $anyOf: [search.environment] } });
  // One of which nothing is said starts with its first visit.
  if (search.start === "withMain") found.push({ "options.startMode": "withMain" });
  if (search.start === "onFirstVisit") found.push({ "options.startMode": { $ne: "withMain" } });
  if (search.labels) found.push({ labels: { $anyOf: search.labels } });
  return found;
}

/** What the server is asked for. */
export function toQuery(search: Search): Query {
  const usual = search.shown === "deleted" ? SORT_DELETED : SORT;
  const sort = search.sort ?? usual;
  return {
    filter: { $and: conditions(search) },
    // Equal ones always in the same order, so that none is missed between pages.
    sort: sort === "name" || sort === "-name" ? sort : [sort, "name"],
    page: search.page ?? 1,
    pageSize: search.size ?? SIZE,
  };
}

/** Whether fewer than all are shown. */
export const isNarrowed = ({ q, status, environment, start, labels }: Search): boolean =>
  [q, status, environment, start, labels].some((given) => given !== undefined);
