import { describe, expect, test } from "vitest";
import { ApiError } from "@/api/client";
import { neededOf, partsOf } from "@/features/fleet/form/database";
import { seconds, split } from "@/features/fleet/form/duration";
import { errorsOf, fieldOf, refusal, remedyOf, stampOf, type Finding } from "@/features/fleet/form/findings";
import { brokenRule, idFrom, isDomain } from "@/features/fleet/form/names";
import {
  bodyOf,
  changesOf,
  DEFAULTS,
  needsRestart,
  valuesOf,
  type Kept,
  type Values,
} from "@/features/fleet/form/values";

const KEPT: Kept = {
  name: "shop",
  displayName: "Shop",
  icon: "🛒",
  labels: ["sales"],
  pinned: true,
  cname: "shop.example.com",
  environments: ["east"],
  options: {
    startMode: "withMain",
    dbConnType: "new_connection",
    autoUpgrade: false,
    shareSession: true,
    sleepAfter: 7200,
    inLauncher: false,
    inSwitcher: true,
    lang: "fr-FR",
    timezone: "Europe/Paris",
    database: { dialect: "postgres", host: "db", port: 5433, username: "u", database: "d", schema: "s" },
  },
};

describe("what is told of a new application", () => {
  test("a name alone is enough: the rest are defaults", () => {
    expect(bodyOf({ ...DEFAULTS, displayName: " Shop " }, "sqlite")).toEqual({
      displayName: "Shop",
      icon: null,
      labels: [],
      pinned: false,
      cname: null,
      options: {
        startMode: "onFirstVisit",
        dbConnType: "new_database",
        autoUpgrade: true,
        shareSession: false,
        sleepAfter: null,
        inLauncher: true,
        inSwitcher: true,
      },
    });
  });

  test("of the database what fits the service alone, whatever else was typed before", () => {
    const typed: Values = {
      ...DEFAULTS,
      displayName: "Shop",
      database: { host: "db", username: "u", password: " p ", storage: "x.db", schema: "s", port: null },
    };
    expect(bodyOf(typed, "sqlite").options?.database).toEqual({ storage: "x.db" });
    expect(bodyOf(typed, "postgres").options).not.toHaveProperty("database");
    const elsewhere: Values = { ...typed, dbConnType: "new_connection", dialect: "mysql" };
    expect(bodyOf(elsewhere, "sqlite").options?.database).toEqual({
      dialect: "mysql",
      host: "db",
      username: "u",
      password: " p ",
    });
  });

  test("the stamp of one that is taken over", () => {
    expect(bodyOf(DEFAULTS, "sqlite", "stamp")["adopt"]).toBe("stamp");
  });
});

describe("what is told of one that is there", () => {
  const before = valuesOf(KEPT, "sqlite");

  test("what it is and what it is told are the same", () => {
    const { name, ...rest } = KEPT;
    expect(bodyOf(before, "sqlite")).toEqual({ name, ...rest });
  });

  test("nothing where nothing was changed", () => {
    expect(changesOf(before, before)).toEqual({});
    expect(needsRestart({})).toBe(false);
  });

  test("only what was changed, and what is emptied as nothing", () => {
    const after: Values = { ...before, cname: "", icon: "", sleep: { amount: null, unit: "h" } };
    expect(changesOf(before, after)).toEqual({ cname: null, icon: null, options: { sleepAfter: null } });
    expect(needsRestart(changesOf(before, after))).toBe(false);
  });

  test("language and time zone can be those of the main application again", () => {
    const cleared = { ...before, lang: null, timezone: null };
    expect(changesOf(before, cleared)).toEqual({ options: { lang: null, timezone: null } });
  });

  test("of its database only what may change, and a password that was typed", () => {
    const after: Values = {
      ...before,
      database: { ...before.database, host: "db2", database: "other", password: "new" },
    };
    const changes = changesOf(before, after);
    expect(changes).toEqual({ options: { database: { host: "db2", password: "new" } } });
    expect(needsRestart(changes)).toBe(true);
  });

  test("the same time in another unit is no change", () => {
    expect(changesOf(before, { ...before, sleep: { amount: 120, unit: "min" } })).toEqual({});
  });
});

test("a duration is shown in the largest unit that fits", () => {
  expect(split(7200)).toEqual({ amount: 2, unit: "h" });
  expect(split(90)).toEqual({ amount: 90, unit: "s" });
  expect(split(null)).toEqual({ amount: null, unit: "h" });
  expect(seconds(1.5, "min")).toBe(90);
  expect(seconds(null, "d")).toBeNull();
});

test("ids follow the rules of the server", () => {
  expect([brokenRule(""), brokenRule("shop-2")]).toEqual([null, null]);
  expect(["main", "__x", "a".repeat(64), "Shop", "1a", "a b"].map(brokenRule)).toEqual([
    "reserved",
    "reserved",
    "long",
    "letters",
    "letters",
    "letters",
  ]);
  expect(idFrom("Büro & Shop!")).toBe("buro-shop");
  expect(idFrom("42 things")).toBe("things");
  expect([idFrom("商店"), idFrom("Main")]).toEqual(["", ""]);
});

test("domains are host names alone", () => {
  expect(["shop.example.com", "xn--mnchen-3ya.de."].every(isDomain)).toBe(true);
  expect(["https://a.b", "a b", "-a.de", "a..b", ""].some(isDomain)).toBe(false);
});

test("what is asked for of a database, and what has to be said", () => {
  expect(partsOf({ connection: "new_schema", other: false, dialect: "postgres" })).toEqual([
    "database",
    "schema",
  ]);
  expect(partsOf({ connection: "new_database", other: true, dialect: "sqlite" })).toEqual(["storage"]);
  expect(neededOf({ connection: "new_connection", other: true, dialect: "sqlite" })).toEqual(["storage"]);
  expect(neededOf({ connection: "new_database", other: true, dialect: "mariadb" })).toEqual([
    "host",
    "username",
  ]);
  expect(neededOf({ connection: "new_database", other: false, dialect: "postgres" })).toEqual([]);
});

describe("findings", () => {
  const found = (code: string, message = "", level: Finding["level"] = "error"): Finding => ({
    level,
    code,
    message,
    remedy: "",
  });

  test("stand at the field that they speak of", () => {
    expect(
      errorsOf([
        found("SERVER_UNREACHABLE", "No answer."),
        found("DOMAIN_ELSEWHERE", "", "warning"),
        found("X"),
      ]),
    ).toEqual([{ name: ["database", "host"], errors: ["No answer."] }]);
    expect(fieldOf("options.database.port")).toEqual(["database", "port"]);
    expect(fieldOf("options.sleepAfter")).toEqual(["sleep"]);
    expect(fieldOf("name")).toEqual(["name"]);
  });

  test("of a refusal: each error at its field, or as a finding", () => {
    const error = new ApiError(409, "CONFLICT", "Taken.", null, { field: "name" }, [
      { code: "CONFLICT", message: "Taken.", field: "name" },
      { code: "PRIVILEGE_MISSING", message: "You may not. Run this: GRANT ALL TO u" },
    ]);
    const { fields, findings } = refusal(error);
    expect(fields.map(({ name }) => name)).toEqual([["name"], ["database", "username"]]);
    expect(findings).toMatchObject([{ message: "You may not. Run this", remedy: "GRANT ALL TO u" }]);
    expect(refusal(new Error("other"))).toEqual({ fields: [], findings: [] });
  });

  test("say which statement to run", () => {
    expect(remedyOf('An administrator can make it: CREATE DATABASE "d"')).toEqual({
      sentence: "An administrator can make it",
      statement: 'CREATE DATABASE "d"',
    });
    expect(remedyOf("Give another path.")).toEqual({ sentence: "Give another path.", statement: null });
  });

  test("say which application can be taken over", () => {
    const sentence = 'The database "d" holds the Insula application "shop" (stamp ab-1) already.';
    expect(stampOf([found("OK"), found("HOLDS_APPLICATION", sentence)])).toBe("ab-1");
    expect(stampOf([found("OK")])).toBeNull();
  });
});
