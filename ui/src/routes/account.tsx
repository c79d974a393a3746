import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { insideRoute } from "@/routes/root";

const homeRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/",
  component: lazyRouteComponent(() => import("@/features/home/HomePage")),
});

const profileRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/profile",
  component: lazyRouteComponent(() => import("@/features/account/ProfilePage")),
});

export const accountRoutes = [homeRoute, profileRoute] as const;
