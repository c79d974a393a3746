/** The language that a person has chosen, kept in the browser. */
import { boot } from "@/lib/boot";
import { setCookie } from "@/lib/cookies";
import { keep, kept } from "@/lib/kept";
import { languageOf, type Language } from "@/lib/languages";

/** Tells the server, which renders a few pages itself, such as that for who waits until the application is up. */
const COOKIE = "insula_language";
const COOKIE_S = 365 * 24 * 3600;

/** The language that was chosen here, or `null`; the server is told anew, so that it does not forget. */
export function keptLanguage(): Language | null {
  const language = languageOf(kept<string | null>("language", null));
  if (language !== null) tell(language);
  return language;
}

/** Keep the choice. */
export function keepLanguage(language: Language): void {
  keep("language", language);
  tell(language);
}

const tell = (language: Language): void => setCookie(COOKIE, language, boot.base, COOKIE_S);
