/** People, roles, and what roles may do. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { key, list, read } from "@/api/client";
import type { User } from "@/api/types";

export interface Role {
  name: string;
  title: string | null;
  description: string | null;
  /** Null and empty alike: nothing. */
  strategy: { actions?: string[] } | null;
  snippets: string[] | null;
  /** New users get it. */
  default: boolean;
  hidden: boolean;
  allowConfigure: boolean;
}

export interface Person extends User {
  roles?: Pick<Role, "name" | "title">[];
}

/** A permission as it is stored: no fields means all of them, no scope all records. */
export interface StoredAction {
  name: string;
  fields?: string[] | null;
  scope?: number | string | { id?: number; key?: string } | null;
  scopeId?: number | null;
}

export interface RoleResource {
  id: number;
  name: string;
  usingActionsConfig: boolean;
  actions: StoredAction[] | null;
}

export interface Scope {
  id: number;
  key: string | null;
  name: string;
  resourceName: string | null;
  scope: object | null;
}

export interface PeopleAsked {
  page: number;
  pageSize: number;
  /** Part of a name, user name, e-mail address or number. */
  search: string;
  sort: string;
}

const SEARCHED = ["nickname", "username", "email", "phone"];

export const people = {
  all: ["people"] as const,
  list: ({ page, pageSize, search, sort }: PeopleAsked) =>
    queryOptions({
      queryKey: [...people.all, "list", { page, pageSize, search, sort }],
      queryFn: ({ signal }) =>
        list<Person>("users:list", {
          signal,
          query: {
            page,
            pageSize,
            sort,
            appends: "roles",
            filter: search ? { $or: SEARCHED.map((name) => ({ [name]: { $includes: search } })) } : undefined,
          },
        }),
      placeholderData: keepPreviousData,
    }),
};

export const roles = {
  all: ["roles"] as const,
  list: () =>
    queryOptions({
      queryKey: [...roles.all, "list"],
      queryFn: ({ signal }) =>
        read<Role[]>("roles:list", { signal, query: { paginate: false, sort: "createdAt" } }),
    }),
  get: (name: string) =>
    queryOptions({
      queryKey: [...roles.all, "get", name],
      queryFn: ({ signal }) => read<Role | null>(key("roles:get", name), { signal }),
    }),
  /** What it may do on single collections, in place of the general setting. */
  resources: (name: string) =>
    queryOptions({
      queryKey: [...roles.all, "resources", name],
      queryFn: ({ signal }) =>
        read<RoleResource[]>(`roles/${encodeURIComponent(name)}/resources:list`, { signal }),
    }),
};

export const scopes = {
  all: ["scopes"] as const,
  list: () =>
    queryOptions({
      queryKey: [...scopes.all, "list"],
      queryFn: ({ signal }) =>
        read<Scope[]>("rolesResourcesScopes:list", { signal, query: { paginate: false, sort: "id" } }),
    }),
};

/** Of the main application: which role may enter which applications, `*` for all. */
export interface Entrance {
  role: string;
  applications: string[];
  /** It looks after all of them, and so enters all. */
  fixed: boolean;
}

export const entrances = {
  roles: () =>
    queryOptions({
      queryKey: [...roles.all, "entrances"],
      queryFn: ({ signal }) => read<Entrance[]>("applications:listRoles", { signal }),
    }),
  /** By name, to choose from. */
  applications: () =>
    queryOptions({
      queryKey: [...roles.all, "applications"],
      queryFn: ({ signal }) =>
        read<{ name: string; displayName: string }[]>("applications:listMine", { signal }),
    }),
};
