/** What the server wrote into the page: which application this is, and where its API answers. */
export interface Boot {
  /** Name (id) of the application. */
  app: string;
  /** Whether it is the entry application. */
  main: boolean;
  /** Path of the pages, without a slash at the end: `/admin`, `/apps/<app>/admin`. */
  base: string;
  /** Path of the application's API, with a slash at the end. */
  api: string;
  /** Path of the main application's API; `null` where the browser does not reach it under this host. */
  mainApi: string | null;
  mode: "shared-memory" | "supervisor" | "worker";
  version: string;
  /** Of the Content-Security-Policy, for style elements. */
  nonce: string;
}

function read(): Boot {
  const element = document.getElementById("insula");
  if (element?.textContent == null) throw new Error("This page was not made by Insula: it has no boot data.");
  return JSON.parse(element.textContent) as Boot;
}

export const boot: Boot = read();

/** What the entry application is called where nobody has given it a name. */
export const PRODUCT = "Insula";

/** What this application is called as long as its settings are not known, or name it not. */
export const ownName = boot.main ? PRODUCT : boot.app;
