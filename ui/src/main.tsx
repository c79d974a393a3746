/** Begins: reads what the server wrote into the page, loads the texts of one language, shows the first page. */
import "@/lib/policy";
import "@/lib/tab";
import "@/main.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "@/api/query-client";
import { live } from "@/api/live";
import { session, settings } from "@/api/queries/session";
import { signInAddress, watchSession } from "@/api/session-end";
import type { Settings } from "@/api/types";
import { AppearanceProvider } from "@/components/appearance";
import { show } from "@/components/i18n/i18n";
import { boot } from "@/lib/boot";
import { keptLanguage } from "@/lib/kept-language";
import { chooseLanguage } from "@/lib/languages";
import { roleChosenElsewhere } from "@/lib/role";
import { router } from "@/routes/router";

/** How long the first page waits for what the application is called, and which language is its own. */
const PATIENCE_MS = 1500;

const afterwards = (ms: number): Promise<null> =>
  new Promise((resolve) => setTimeout(() => resolve(null), ms));

/** The application's own language where neither the person nor the browser says another; it is not waited for long. */
async function begin(): Promise<void> {
  const chosen = keptLanguage();
  const asked = queryClient.query({ ...settings.get(), retry: false }).catch(() => null);
  const own: Settings | null = await Promise.race([asked, afterwards(PATIENCE_MS)]);
  const language = chooseLanguage(chosen, ...navigator.languages, own?.appLang);
  const locale = await show(language);
  const root = document.getElementById("root");
  if (!root) throw new Error("This page was not made by Insula: it has no root.");
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <AppearanceProvider language={language} locale={locale}>
          <RouterProvider router={router} />
        </AppearanceProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}

watchSession(queryClient, () => location.replace(signInAddress(boot.base, location)));
// The connection is closed for good when nobody is signed in any more, and that is said before anything is read.
live.watch(() => {
  if (live.state === "idle") void queryClient.invalidateQueries({ queryKey: session.user().queryKey });
});

// A connection keeps the role that it was begun in, and what is shown was read in it.
roleChosenElsewhere(() => {
  live.renew();
  void queryClient.invalidateQueries();
});

/** What can not even begin says so, in the one language that needs no texts: a part of the pages did not come. */
function giveUp(): void {
  const sentence = document.createElement("p");
  sentence.role = "alert";
  sentence.textContent = "These pages could not be loaded. Check your connection, and reload the page.";
  document.getElementById("root")?.replaceChildren(sentence);
}

begin().catch(giveUp);
