import { useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { key, write } from "@/api/client";
import {
  apiKeys,
  menu,
  plugins,
  type ApiKey,
  type MenuItem,
  type PluginSettings,
} from "@/api/queries/administration";
import { settings } from "@/api/queries/session";
import type { Settings } from "@/api/types";

/** A mutation after which these are read anew, whatever came of it. */
function useWrite<Given, Answer = unknown>(act: (given: Given) => Promise<Answer>, ...stale: QueryKey[]) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSettled: () => Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

export function useSwitchPlugin() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, on }: { name: string; on: boolean }) =>
      write<unknown>(key(on ? "pm:enable" : "pm:disable", name)),
    // Any page may show something of any plugin.
    onSettled: () => client.invalidateQueries(),
  });
}

export const useUpdatePlugin = () =>
  useWrite(
    ({ name, settings: body }: { name: string; settings: PluginSettings }) =>
      write<unknown>(key("pm:update", name), { body: { settings: body } }),
    plugins.all,
  );

export interface ApiKeyGiven {
  name: string;
  role: string;
  /** Days such as `30d`, or `never`. */
  expiresIn: string;
}

export const useCreateApiKey = () =>
  useWrite((body: ApiKeyGiven) => write<ApiKey & { token: string }>("apiKeys:create", { body }), apiKeys.all);

export const useDestroyApiKey = () =>
  useWrite((id: number) => write<number>(key("apiKeys:destroy", id)), apiKeys.all);

export const useUpdateSettings = () =>
  useWrite((body: Partial<Settings>) => write<unknown>("systemSettings:update", { body }), settings.all);

export type MenuItemGiven = Partial<Omit<MenuItem, "id">>;

export const useCreateMenuItem = () =>
  useWrite((body: MenuItemGiven) => write<MenuItem>("menuItems:create", { body }), menu.all);

export const useUpdateMenuItem = () =>
  useWrite(
    ({ id, ...body }: MenuItemGiven & { id: number }) =>
      write<unknown>(key("menuItems:update", id), { body }),
    menu.all,
  );

export const useDestroyMenuItem = () =>
  useWrite((id: number) => write<number>(key("menuItems:destroy", id)), menu.all);

/** To the place of `targetId`, or behind or before all others of the group `parentId`. */
export interface Move {
  sourceId: number;
  targetId?: number;
  parentId?: number | null;
  method?: "insertAfter" | "prepend";
}

export const useMoveMenuItem = () =>
  useWrite((body: Move) => write<MenuItem>("menuItems:move", { body }), menu.all);
