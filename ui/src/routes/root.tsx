/** The outermost routes: those for everybody, and the frame of those for who is signed in. */
import { Result } from "antd";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import {
  createRootRouteWithContext,
  createRoute,
  lazyRouteComponent,
  Outlet,
  redirect,
  useRouter,
  type ErrorComponentProps,
} from "@tanstack/react-router";
import type { QueryClient } from "@tanstack/react-query";
import { isSignedOut, passes } from "@/api/errors";
import { session, settings } from "@/api/queries/session";
import { LinkButton } from "@/components/LinkButton";
import { Failed, Loading } from "@/components/states";
import { only } from "@/lib/search";
import styles from "@/routes/root.module.css";

function NotFound() {
  const { t } = useTranslation();
  return (
    <Result
      status="404"
      title={<h1 className={styles["title"]}>{t("errors.notFound")}</h1>}
      subTitle={t("errors.notFoundHint")}
      extra={
        <LinkButton to="/" look="primary">
          {t("errors.home")}
        </LinkButton>
      }
    />
  );
}

/** How long a page waits before it tries again by itself, where that may help. */
const AGAIN_MS = 2000;

/** A page that could not be shown. What passes by itself, such as a server that starts again, is tried again. */
function Broken({ error }: ErrorComponentProps) {
  const router = useRouter();
  const retry = useCallback(() => void router.invalidate(), [router]);
  useEffect(() => {
    if (!passes(error)) return;
    const timer = setTimeout(retry, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [error, retry]);
  return <Failed error={error} retry={retry} />;
}

export const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: Broken,
});

const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/signin",
  validateSearch: only((search: Record<string, unknown>): { redirect?: string } => {
    const asked = text(search["redirect"]);
    return asked === undefined ? {} : { redirect: asked };
  }),
  component: lazyRouteComponent(() => import("@/features/auth/SignInPage")),
});

/** Everything behind it is for who is signed in; others sign in first, and come back to where they wanted to go. */
export const insideRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "inside",
  beforeLoad: async ({ context: { queryClient }, location }) => {
    try {
      await Promise.all([
        queryClient.query({ ...session.user(), staleTime: "static" }),
        queryClient.query({ ...session.rights(), staleTime: "static" }),
        queryClient.query({ ...settings.get(), staleTime: "static" }),
      ]);
    } catch (error) {
      if (!isSignedOut(error)) throw error;
      const asked = location.href === "/" ? {} : { redirect: location.href };
      throw redirect({ to: "/signin", search: asked });
    }
  },
  component: lazyRouteComponent(() => import("@/features/shell/Shell")),
  pendingComponent: Loading,
  errorComponent: Broken,
  notFoundComponent: NotFound,
});
