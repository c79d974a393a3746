/** Plugins, API keys and the menu of an application. */
import { queryOptions } from "@tanstack/react-query";
import { key, list, read } from "@/api/client";

export interface Plugin {
  name: string;
  displayName?: string;
  description?: string;
  version?: string;
  /** It can not be switched off. */
  builtIn?: boolean;
  /** There are settings to change. */
  configurable?: boolean;
  requires?: string[];
  enabled: boolean;
  working: boolean;
  /** Why it does not work. */
  error?: string | null;
}

export type PluginSettings = Record<string, unknown>;

export const plugins = {
  all: ["plugins"] as const,
  list: () =>
    queryOptions({
      queryKey: [...plugins.all, "list"],
      queryFn: ({ signal }) => read<Plugin[]>("pm:list", { signal }),
    }),
  /** The names of those that work here, which everyone may know. */
  working: () =>
    queryOptions({
      queryKey: [...plugins.all, "working"],
      queryFn: async ({ signal }) =>
        (await read<{ name: string }[]>("pm:listEnabled", { signal })).map(({ name }) => name),
      staleTime: 60_000,
    }),
  settings: (name: string) =>
    queryOptions({
      queryKey: [...plugins.all, "settings", name],
      queryFn: async ({ signal }) =>
        (await read<{ settings: PluginSettings }>(key("pm:get", name), { signal })).settings,
    }),
};

export interface ApiKey {
  id: number;
  name: string | null;
  roleName: string;
  /** Null: never. */
  expiresAt: string | null;
  createdAt: string;
}

export const apiKeys = {
  all: ["apiKeys"] as const,
  list: (page: number) =>
    queryOptions({
      queryKey: [...apiKeys.all, "list", page],
      queryFn: ({ signal }) =>
        list<ApiKey>("apiKeys:list", { signal, query: { page, pageSize: 20, sort: "-createdAt" } }),
    }),
};

export type MenuKind = "group" | "collection" | "link";

/** An item of the menu as administrators arrange it. */
export interface MenuItem {
  id: number;
  parentId: number | null;
  kind: MenuKind;
  title: string | null;
  icon: string | null;
  collection: string | null;
  url: string | null;
  /** Null: all roles see it. */
  roles: string[] | null;
}

/** An item as one sees it. */
export interface MenuEntry {
  id: number;
  kind: MenuKind;
  title: string;
  icon: string | null;
  collection?: string;
  url?: string;
  children?: MenuEntry[];
}

export const menu = {
  all: ["menu"] as const,
  mine: () =>
    queryOptions({
      queryKey: [...menu.all, "mine"],
      queryFn: ({ signal }) => read<MenuEntry[]>("menu:mine", { signal }),
      staleTime: 60_000,
    }),
  items: () =>
    queryOptions({
      queryKey: [...menu.all, "items"],
      queryFn: ({ signal }) =>
        read<MenuItem[]>("menuItems:list", { signal, query: { paginate: false, sort: "parentId,sort" } }),
    }),
};
