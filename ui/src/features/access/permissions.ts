/** What a role may do, as pages ask it, and as the server keeps it. */
import type { RoleResource, StoredAction } from "@/api/queries/access";
import { grants } from "@/components/rights";

export const ACTIONS = ["view", "create", "update", "destroy", "export", "import"] as const;
export type Action = (typeof ACTIONS)[number];

/** On records that are not there yet: nobody's own, and in no filter. */
const ON_NEW: readonly Action[] = ["create", "import"];
export const isOnNew = (action: Action): boolean => ON_NEW.includes(action);

export type Reach = "none" | "own" | "all";
/** What may be done on the records of all collections. */
export type Strategy = Record<Action, Reach>;

const NOTHING: Strategy = {
  view: "none",
  create: "none",
  update: "none",
  destroy: "none",
  export: "none",
  import: "none",
};

const isAction = (name: string): name is Action => (ACTIONS as readonly string[]).includes(name);

/** `["view", "update:own"]` → what each action reaches. Said twice, the wider counts. */
export function strategyOf(actions: readonly string[] | undefined): Strategy {
  const strategy = { ...NOTHING };
  for (const item of actions ?? []) {
    const [name = "", rows] = item.split(":");
    if (!isAction(name)) continue;
    strategy[name] = rows === "own" && strategy[name] !== "all" ? "own" : "all";
  }
  return strategy;
}

export const actionsOf = (strategy: Strategy): string[] =>
  ACTIONS.filter((name) => strategy[name] !== "none").map((name) =>
    strategy[name] === "own" ? `${name}:own` : name,
  );

/** A permission on one collection. */
export interface Permission {
  allowed: boolean;
  /** None named: all of them. */
  fields: string[];
  /** `all`, `own`, or the number of a filter. */
  scope: "all" | "own" | number;
}

export type Permissions = Record<Action, Permission>;

function scopeOf(
  { scope, scopeId }: StoredAction,
  numbers: ReadonlyMap<string, number>,
): Permission["scope"] {
  const raw = scope ?? scopeId ?? null;
  const named = typeof raw === "object" ? (raw?.id ?? raw?.key ?? null) : raw;
  if (named === null || named === "all" || named === numbers.get("all")) return "all";
  if (named === "own" || named === numbers.get("own")) return "own";
  return typeof named === "number" ? named : (numbers.get(named) ?? "all");
}

/** What is stored for a collection; where nothing is, what the general setting says. `numbers`: of scopes, by key. */
export function permissionsOf(
  stored: Pick<RoleResource, "usingActionsConfig" | "actions"> | undefined,
  strategy: Strategy,
  numbers: ReadonlyMap<string, number>,
): Permissions {
  const own = new Map(
    stored?.usingActionsConfig ? (stored.actions ?? []).map((item) => [item.name, item]) : [],
  );
  const one = (name: Action): Permission => {
    if (!stored?.usingActionsConfig) {
      const reach = strategy[name];
      return { allowed: reach !== "none", fields: [], scope: reach === "own" ? "own" : "all" };
    }
    const item = own.get(name);
    if (!item) return { allowed: false, fields: [], scope: "all" };
    return {
      allowed: true,
      fields: item.fields ?? [],
      scope: isOnNew(name) ? "all" : scopeOf(item, numbers),
    };
  };
  return {
    view: one("view"),
    create: one("create"),
    update: one("update"),
    destroy: one("destroy"),
    export: one("export"),
    import: one("import"),
  };
}

/** What is sent for a collection with a setting of its own. */
export const bodyOf = (permissions: Permissions): StoredAction[] =>
  ACTIONS.filter((name) => permissions[name].allowed).map((name) => {
    const { fields, scope } = permissions[name];
    return {
      name,
      fields,
      ...(isOnNew(name) ? {} : { scope: typeof scope === "number" ? { id: scope } : { key: scope } }),
    };
  });

/** The patterns of a role once it holds a snippet, or does not any more; what they say of others stays. */
export function withSnippet(patterns: readonly string[], snippet: string, held: boolean): string[] {
  const rest = patterns.filter((pattern) => pattern !== snippet && pattern !== `!${snippet}`);
  if (grants(rest, snippet) === held) return rest;
  return [...rest, held ? snippet : `!${snippet}`];
}
