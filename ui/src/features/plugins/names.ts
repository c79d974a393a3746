/** What plugins are called: those that come with Insula by our own texts, others as they say themselves. */
import type { ParseKeys, TFunction } from "i18next";
import type { Plugin } from "@/api/queries/administration";

const OWN = {
  collections: "collections",
  "import-export": "importExport",
  swagger: "swagger",
  "system-settings": "system",
  users: "users",
  acl: "acl",
  "api-keys": "apiKeys",
  "app-supervisor": "supervisor",
  auth: "auth",
  menu: "menu",
} as const;

const isOwn = (name: string): name is keyof typeof OWN => name in OWN;

export const titleOf = (t: TFunction, { name, displayName }: Pick<Plugin, "name" | "displayName">): string =>
  isOwn(name) ? t(`plugins.name.${OWN[name]}`) : (displayName ?? name);

export const describe = (
  t: TFunction,
  { name, description }: Pick<Plugin, "name" | "description">,
): string => (isOwn(name) ? t(`plugins.about.${OWN[name]}`) : (description ?? ""));

/** Texts for the settings of a plugin; for those without, `readable` has to do. */
export function settingKeys(name: string): Record<string, ParseKeys> {
  if (name !== "auth") return {};
  return {
    idleSeconds: "plugins.auth.idleSeconds",
    renewalSeconds: "plugins.auth.renewalSeconds",
    sessionSeconds: "plugins.auth.sessionSeconds",
    overlapSeconds: "plugins.auth.overlapSeconds",
    signUp: "plugins.auth.signUp",
    sessionsOfOne: "plugins.auth.sessionsOfOne",
    shortestPassword: "plugins.auth.shortestPassword",
    createVisitors: "plugins.auth.createVisitors",
    visitorRole: "plugins.auth.visitorRole",
  };
}

/** `maxRowsPerFile` → `Max rows per file`. */
export function readable(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}
