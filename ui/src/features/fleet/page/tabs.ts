/** What an application's page is divided into. */
export const TABS = ["overview", "history", "jobs", "settings", "plugins", "figures"] as const;
export type Tab = (typeof TABS)[number];
export const asTab = (value: unknown): Tab | undefined => TABS.find((tab) => tab === value);
