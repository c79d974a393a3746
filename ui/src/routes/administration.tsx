/** The settings that every application has. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { listSearch, only } from "@/lib/search";
import { insideRoute } from "@/routes/root";

const PEOPLE_SORTS = ["nickname", "username", "email", "blocked", "createdAt"];

const ROLE_TABS = ["records", "settings", "applications"];

const usersRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/users",
  validateSearch: only((search: Record<string, unknown>) => listSearch(search, PEOPLE_SORTS)),
  component: lazyRouteComponent(() => import("@/features/access/UsersPage")),
});

const rolesRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/roles",
  component: lazyRouteComponent(() => import("@/features/access/RolesPage")),
});

const roleRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/roles/$name",
  validateSearch: only(({ tab }: Record<string, unknown>): { tab?: string } =>
    typeof tab === "string" && ROLE_TABS.includes(tab) ? { tab } : {},
  ),
  component: lazyRouteComponent(() => import("@/features/access/RolePage")),
});

const pluginsRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/plugins",
  component: lazyRouteComponent(() => import("@/features/plugins/PluginsPage")),
});

const apiKeysRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/api-keys",
  component: lazyRouteComponent(() => import("@/features/keys/ApiKeysPage")),
});

const systemRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/system",
  component: lazyRouteComponent(() => import("@/features/settings/SystemPage")),
});

const menuRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/menu",
  component: lazyRouteComponent(() => import("@/features/menu/MenuPage")),
});

export const administrationRoutes = [
  usersRoute,
  rolesRoute,
  roleRoute,
  pluginsRoute,
  apiKeysRoute,
  systemRoute,
  menuRoute,
] as const;
