/** What the person may do with the records of one collection; the server decides in the end. */
import { useMemo } from "react";
import { useSuspenseQuery, useQuery } from "@tanstack/react-query";
import { fieldOf, isRelation, type Collection, type Listed, type Row } from "@/api/metadata";
import { session } from "@/api/queries/session";
import type { Rights } from "@/api/types";
import { allows, holds, strategyOf } from "@/components/rights";

export type Permission = "view" | "create" | "update" | "destroy" | "export" | "import";

/** What the server tells of one permission (`roles:check`). */
interface Rule {
  /** Empty: all of them. */
  fields?: string[];
  own?: boolean;
}

/** Collections whose records are changed on pages of their own, never as plain records. */
const GUARDED: ReadonlySet<string> = new Set(["users", "roles"]);
const READING: readonly Permission[] = ["view", "export"];

/**
 * What pages offer goes by this alone: by a setting for the collection, else by the role's strategy; of built-in
 * collections by their snippet. `null` where it is not allowed at all.
 */
export function ruleOf(rights: Rights | undefined, collection: Listed, permission: Permission): Rule | null {
  if (!rights) return null;
  if (GUARDED.has(collection.name) && !READING.includes(permission)) return null;
  // Files are brought into what people made; what is built in has pages of its own.
  if (collection.from === "code" && permission === "import") return null;
  if (rights.allowAll) return {};
  if (collection.from === "code") return holds(rights, `pm.${collection.name}`) ? {} : null;
  if (!allows(rights, collection.name, permission)) return null;
  if (rights.resources.includes(collection.name)) {
    return rights.actions[`${collection.name}:${permission}`] as Rule;
  }
  return { own: !strategyOf(rights).includes(permission) };
}

export interface CollectionRights {
  may: (permission: Permission) => boolean;
  /** Whether this record may be changed or destroyed; needs its `createdById`, where it has one. */
  mayOn: (permission: "update" | "destroy", row: Row) => boolean;
  /** The names of the fields that the permission covers; `null`: all of them. */
  fields: (permission: Permission) => readonly string[] | null;
  /** Whether the permission covers the field. */
  mayField: (permission: Permission, name: string) => boolean;
}

export function rightsOn(
  rights: Rights | undefined,
  collection: Collection,
  me: number | undefined,
): CollectionRights {
  const may = (permission: Permission): boolean => ruleOf(rights, collection, permission) !== null;
  const fields = (permission: Permission): readonly string[] | null => {
    const rule = ruleOf(rights, collection, permission);
    if (rule === null) return [];
    return rule.fields && rule.fields.length > 0 ? rule.fields : null;
  };
  return {
    may,
    mayOn: (permission, row) => {
      const rule = ruleOf(rights, collection, permission);
      return (
        rule !== null && (rule.own !== true || row["createdById"] === undefined || row["createdById"] === me)
      );
    },
    fields,
    mayField: (permission, name) =>
      (fields(permission)?.includes(name) ?? true) ||
      (permission === "view" && may("view") && name === collection.filterTargetKey),
  };
}

export function useCollectionRights(collection: Collection): CollectionRights {
  const { data: rights } = useQuery(session.rights());
  const { data: me } = useSuspenseQuery(session.user());
  return useMemo(() => rightsOn(rights, collection, me.id), [rights, collection, me.id]);
}

/** Collections that stand in the navigation of who has these rights: made by people, and to be seen. */
export const isListed = (rights: Rights | undefined, collection: Listed): boolean =>
  collection.from !== "code" && !collection.hidden && ruleOf(rights, collection, "view") !== null;

/** Whether what a relation leads to can be read with it. */
export function isReadable(
  rights: Rights | undefined,
  all: readonly Collection[],
  from: Collection,
  name: string,
): boolean {
  const field = fieldOf(from, name);
  if (!field || !isRelation(field)) return true;
  const target = all.find((collection) => collection.name === field.target);
  if (!target) return false;
  // Everyone signed in sees who people are; the rest of a built-in collection takes its right.
  return target.name === "users" || ruleOf(rights, target, "view") !== null;
}
