/** The pages about the fleet: of the main application alone. */
import { createRoute, lazyRouteComponent, notFound } from "@tanstack/react-router";
import { only } from "@/lib/search";
import { readSearch } from "@/features/fleet/search";
import { boot } from "@/lib/boot";
import { insideRoute } from "@/routes/root";

/** For `beforeLoad`: other applications have no such page. */
export const ofMain = (): void => {
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router is told
  if (!boot.main) throw notFound();
};

const applicationsRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/applications",
  beforeLoad: ofMain,
  validateSearch: only(readSearch),
  component: lazyRouteComponent(() => import("@/features/fleet/ApplicationsPage")),
});

const environmentsRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/environments",
  beforeLoad: ofMain,
  component: lazyRouteComponent(() => import("@/features/fleet/EnvironmentsPage")),
});

export const fleetRoutes = [applicationsRoute, environmentsRoute] as const;
