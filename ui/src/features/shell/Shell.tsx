/** The frame of all pages: a bar above, navigation to the left, the page in the middle. */
import { DisconnectOutlined, MenuOutlined } from "@ant-design/icons";
import { Alert, Button, Drawer, Grid } from "antd";
import { Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { useLive, useLiveState } from "@/api/live";
import { collections } from "@/api/queries/collections";
import { useFollowOwn } from "@/components/own-appearance";
import { Loading } from "@/components/states";
import { JobsButton } from "@/features/shell/JobsButton";
import { LookingAs } from "@/features/shell/LookingAs";
import { Navigation } from "@/features/shell/Navigation";
import { PaletteButton } from "@/features/shell/PaletteButton";
import { PersonMenu } from "@/features/shell/PersonMenu";
import { Switcher } from "@/features/shell/Switcher";
import styles from "@/features/shell/Shell.module.css";

/** A connection that was lost is only spoken of after a moment: most come back at once. */
const PATIENCE_MS = 1500;

function useLost(): boolean {
  const lost = useLiveState() === "lost";
  const [told, tell] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => tell(lost), lost ? PATIENCE_MS : 0);
    return () => clearTimeout(timer);
  }, [lost]);
  return told;
}

export default function Shell() {
  const { t } = useTranslation();
  const wide = Grid.useBreakpoint().md ?? true;
  const lost = useLost();
  useFollowOwn();
  useLive("collections", collections.all);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [openAt, setOpenAt] = useState<string | null>(null);
  const drawer = !wide && openAt === path;
  return (
    <div className={styles["frame"]}>
      <a href="#content" className={styles["skip"]}>
        {t("shell.skip")}
      </a>
      <header className={styles["bar"]}>
        {!wide && (
          <Button
            type="text"
            icon={<MenuOutlined />}
            aria-label={t("shell.menu")}
            onClick={() => setOpenAt(path)}
          />
        )}
        <Switcher />
        <div className={styles["gap"]} />
        <PaletteButton />
        <JobsButton />
        <PersonMenu />
      </header>
      {lost && (
        <Alert banner type="warning" icon={<DisconnectOutlined />} title={t("shell.lost")} role="status" />
      )}
      <LookingAs />
      <div className={styles["body"]}>
        {wide && (
          <nav className={styles["side"]} aria-label={t("shell.navigation")}>
            <Navigation />
          </nav>
        )}
        <main id="content" className={styles["content"]} tabIndex={-1}>
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <Drawer
        open={drawer}
        onClose={() => setOpenAt(null)}
        placement="left"
        size={280}
        title={t("shell.navigation")}
        styles={{ body: { padding: 8 } }}
      >
        <nav aria-label={t("shell.navigation")}>
          <Navigation />
        </nav>
      </Drawer>
    </div>
  );
}
