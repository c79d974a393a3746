/** What the form of an application holds, and what the server is told: one from the other, both ways. */
import type { Application } from "@/api/fleet";
import {
  asDialect,
  MOVABLE,
  partsOf,
  type Connection,
  type Dialect,
  type Part,
} from "@/features/fleet/form/database";
import { seconds, split, type Unit } from "@/features/fleet/form/duration";

export interface Values {
  displayName: string;
  /** Its id; empty: the server makes one. */
  name: string;
  icon: string;
  labels: string[];
  pinned: boolean;
  cname: string;
  environments: string[];
  startMode: "onFirstVisit" | "withMain";
  sleep: { amount: number | null; unit: Unit };
  autoUpgrade: boolean;
  shareSession: boolean;
  inLauncher: boolean;
  inSwitcher: boolean;
  lang: string | null;
  timezone: string | null;
  dbConnType: Connection;
  /** On another server than the environment's own. */
  other: boolean;
  dialect: Dialect;
  database: Partial<Record<Exclude<Part, "port">, string>> & { port?: number | null };
}

export const DEFAULTS: Values = {
  displayName: "",
  name: "",
  icon: "",
  labels: [],
  pinned: false,
  cname: "",
  environments: [],
  startMode: "onFirstVisit",
  sleep: split(null),
  autoUpgrade: true,
  shareSession: false,
  inLauncher: true,
  inSwitcher: true,
  lang: null,
  timezone: null,
  dbConnType: "new_database",
  other: false,
  dialect: "postgres",
  database: {},
};

export type Options = Record<string, unknown> & { database?: Record<string, unknown> };
export type Body = Record<string, unknown> & { options?: Options };

/** As far as the form needs to know an application that is there. */
export type Kept = Pick<
  Application,
  "name" | "displayName" | "icon" | "labels" | "pinned" | "cname" | "environments" | "options"
>;

/** The service that is meant: the environment's own, unless another is named. */
export const dialectOf = (values: Pick<Values, "dbConnType" | "other" | "dialect">, own: Dialect): Dialect =>
  values.other || values.dbConnType === "new_connection" ? values.dialect : own;

function database(values: Values, own: Dialect): Record<string, unknown> {
  const dialect = dialectOf(values, own);
  const elsewhere = values.other || values.dbConnType === "new_connection";
  const found: Record<string, unknown> = elsewhere ? { dialect } : {};
  for (const part of partsOf({ connection: values.dbConnType, other: values.other, dialect })) {
    const value = values.database[part];
    const said = typeof value === "string" && part !== "password" ? value.trim() : value;
    if (said !== undefined && said !== null && said !== "") found[part] = said;
  }
  return found;
}

function attributes(values: Values): Body {
  return {
    displayName: values.displayName.trim(),
    icon: values.icon.trim() || null,
    labels: values.labels.map((label) => label.trim()).filter(Boolean),
    pinned: values.pinned,
    cname: values.cname.trim() || null,
    environments: values.environments,
  };
}

function options(values: Values): Options {
  return {
    startMode: values.startMode,
    autoUpgrade: values.autoUpgrade,
    shareSession: values.shareSession,
    sleepAfter: seconds(values.sleep.amount, values.sleep.unit),
    inLauncher: values.inLauncher,
    inSwitcher: values.inSwitcher,
    lang: values.lang ?? null,
    timezone: values.timezone ?? null,
  };
}

/** What `applications:create` and `:check` are told. `own` is the dialect of the environment's own service. */
export function bodyOf(values: Values, own: Dialect, adopt: string | null = null): Body {
  const place = database(values, own);
  const { environments, ...rest } = attributes(values);
  const { lang, timezone, ...others } = options(values);
  return {
    ...rest,
    ...(values.name.trim() ? { name: values.name.trim() } : {}),
    ...(values.environments.length > 0 ? { environments } : {}),
    options: {
      ...others,
      ...(lang ? { lang } : {}),
      ...(timezone ? { timezone } : {}),
      dbConnType: values.dbConnType,
      ...(Object.keys(place).length > 0 ? { database: place } : {}),
    },
    ...(adopt === null ? {} : { adopt }),
  };
}

/** What the form shows of an application that is there. */
export function valuesOf(kept: Kept, own: Dialect): Values {
  const place = kept.options.database;
  const dialect = asDialect(place.dialect ?? own);
  return {
    displayName: kept.displayName ?? kept.name,
    name: kept.name,
    icon: kept.icon ?? "",
    labels: kept.labels,
    pinned: kept.pinned,
    cname: kept.cname ?? "",
    environments: kept.environments,
    startMode: kept.options.startMode,
    sleep: split(kept.options.sleepAfter ?? null),
    autoUpgrade: kept.options.autoUpgrade,
    shareSession: kept.options.shareSession,
    inLauncher: kept.options.inLauncher,
    inSwitcher: kept.options.inSwitcher,
    lang: kept.options.lang ?? null,
    timezone: kept.options.timezone ?? null,
    dbConnType: kept.options.dbConnType,
    other: dialect !== own || Boolean(place.host),
    dialect,
    database: {
      host: place.host ?? "",
      port: place.port ?? null,
      username: place.username ?? "",
      password: "",
      database: place.database ?? "",
      schema: place.schema ?? "",
      storage: place.storage ?? "",
    },
  };
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Of `after` what is not so in `before`. */
function differing(before: Body, after: Body): Body {
  return Object.fromEntries(Object.entries(after).filter(([key, value]) => !same(before[key], value)));
}

/** What `applications:update` is told: nothing but what was changed; empty where nothing was. */
export function changesOf(before: Values, after: Values): Body {
  const changed = differing(attributes(before), attributes(after));
  const chosen: Options = differing(options(before), options(after));
  const place: Record<string, unknown> = {};
  for (const part of MOVABLE) {
    const value = after.database[part];
    if (value !== undefined && value !== null && value !== "" && !same(before.database[part], value)) {
      place[part] = value;
    }
  }
  if (Object.keys(place).length > 0) chosen.database = place;
  return Object.keys(chosen).length > 0 ? { ...changed, options: chosen } : changed;
}

const AT_RESTART: readonly string[] = ["autoUpgrade", "shareSession", "lang", "timezone", "database"];

/** Whether something of it counts from the next start only. */
export const needsRestart = (changes: Body): boolean =>
  Object.keys(changes.options ?? {}).some((option) => AT_RESTART.includes(option));
