/** All pages by address. Each is a chunk of its own, read when it is first wanted. */
import { createRouter } from "@tanstack/react-router";
import { queryClient } from "@/api/query-client";
import { boot } from "@/lib/boot";
import { accountRoutes } from "@/routes/account";
import { administrationRoutes } from "@/routes/administration";
import { applicationRoutes } from "@/routes/application";
import { dataRoute } from "@/routes/data";
import { designerRoutes } from "@/routes/designer";
import { fleetRoutes } from "@/routes/fleet";
import { jobsRoute } from "@/routes/jobs";
import { insideRoute, rootRoute, signInRoute } from "@/routes/root";

const tree = rootRoute.addChildren([
  signInRoute,
  insideRoute.addChildren([
    ...accountRoutes,
    ...fleetRoutes,
    ...applicationRoutes,
    ...administrationRoutes,
    ...designerRoutes,
    dataRoute,
    jobsRoute,
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  basepath: boot.base,
  context: { queryClient },
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  defaultPendingMs: 200,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
