/** The pages about one application: to add it, and to look after it. Of the main application alone. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { only } from "@/lib/search";
import { asTab, type Tab } from "@/features/fleet/page/tabs";
import { ofMain } from "@/routes/fleet";
import { insideRoute } from "@/routes/root";

interface Made {
  /** The job that makes it, and its id. */
  job?: number;
  name?: string;
}

const newRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/applications/new",
  beforeLoad: ofMain,
  validateSearch: only(({ job, name }: Record<string, unknown>): Made => ({
    ...(Number.isSafeInteger(job) ? { job: Number(job) } : {}),
    ...(typeof name === "string" ? { name } : {}),
  })),
  component: lazyRouteComponent(() => import("@/features/fleet/NewApplicationPage")),
});

const oneRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/applications/$name",
  beforeLoad: ofMain,
  validateSearch: only((search: Record<string, unknown>): { tab?: Tab } => {
    const tab = asTab(search["tab"]);
    return tab === undefined ? {} : { tab };
  }),
  component: lazyRouteComponent(() => import("@/features/fleet/page/ApplicationPage")),
});

export const applicationRoutes = [newRoute, oneRoute] as const;
