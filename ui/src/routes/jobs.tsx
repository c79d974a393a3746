import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { only } from "@/lib/search";
import type { Which } from "@/features/jobs/JobsPage";
import { insideRoute } from "@/routes/root";

interface Search {
  page?: number;
  which?: Which;
  /** The one that is looked at. */
  job?: number;
}

const positive = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : undefined;

export const jobsRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/jobs",
  validateSearch: only((search: Record<string, unknown>): Search => {
    const [page, job] = [positive(search["page"]), positive(search["job"])];
    const which = search["which"];
    return {
      ...(page === undefined ? {} : { page }),
      ...(which === "busy" || which === "failed" ? { which } : {}),
      ...(job === undefined ? {} : { job }),
    };
  }),
  component: lazyRouteComponent(() => import("@/features/jobs/JobsPage")),
});
