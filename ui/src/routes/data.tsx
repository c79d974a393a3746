import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { only } from "@/lib/search";
import { readSearch } from "@/features/data/search";
import { insideRoute } from "@/routes/root";

export const dataRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/data/$collection",
  validateSearch: only(readSearch),
  component: lazyRouteComponent(() => import("@/features/data/DataPage")),
});
