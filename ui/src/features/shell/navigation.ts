/** What the settings hold: one entry for each page, shown to those who hold its snippet. */
import {
  ApiOutlined,
  AppstoreOutlined,
  ClusterOutlined,
  ControlOutlined,
  KeyOutlined,
  MenuOutlined,
  SafetyOutlined,
  TableOutlined,
  TeamOutlined,
  ThunderboltOutlined,
} from "@ant-design/icons";
import type { ParseKeys } from "i18next";
import type { ComponentType } from "react";
import { boot } from "@/lib/boot";

export interface Entry {
  /** Below the pages' base path. */
  path: string;
  title: ParseKeys;
  icon: ComponentType;
  /** Who sees it. */
  snippet: string;
  /** Of the main application alone. */
  main?: boolean;
}

/** In the order in which they stand; features add theirs. */
const ENTRIES: readonly Entry[] = [
  {
    path: "/settings/applications",
    title: "fleet.title",
    icon: AppstoreOutlined,
    snippet: "pm.app-supervisor",
    main: true,
  },
  {
    path: "/settings/environments",
    title: "fleet.environments",
    icon: ClusterOutlined,
    snippet: "pm.app-supervisor",
    main: true,
  },
  { path: "/settings/collections", title: "designer.title", icon: TableOutlined, snippet: "pm.collections" },
  { path: "/settings/menu", title: "menu.title", icon: MenuOutlined, snippet: "ui.menu" },
  { path: "/settings/users", title: "access.usersTitle", icon: TeamOutlined, snippet: "pm.users" },
  { path: "/settings/roles", title: "access.roles", icon: SafetyOutlined, snippet: "pm.acl.roles" },
  { path: "/settings/plugins", title: "plugins.title", icon: ApiOutlined, snippet: "pm" },
  {
    path: "/settings/api-keys",
    title: "keys.title",
    icon: KeyOutlined,
    snippet: "pm.api-keys.configuration",
  },
  {
    path: "/settings/system",
    title: "system.title",
    icon: ControlOutlined,
    snippet: "pm.system-settings.system-settings",
  },
  { path: "/settings/jobs", title: "jobs.title", icon: ThunderboltOutlined, snippet: "pm.jobs" },
];

export const entries: readonly Entry[] = ENTRIES.filter((entry) => boot.main || entry.main !== true);
