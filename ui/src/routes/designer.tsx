import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { insideRoute } from "@/routes/root";

const collectionsRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/collections",
  component: lazyRouteComponent(() => import("@/features/designer/CollectionsPage")),
});

const collectionRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/settings/collections/$name",
  component: lazyRouteComponent(() => import("@/features/designer/CollectionPage")),
});

export const designerRoutes = [collectionsRoute, collectionRoute] as const;
