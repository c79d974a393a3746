/** Theme and language that are kept with a person. */
import type { ThemeChoice, User } from "@/api/types";
import { languageOf, type Language } from "@/lib/languages";

const THEMES: readonly string[] = ["light", "dark", "system"] satisfies ThemeChoice[];

/** What a person has chosen, as far as these pages know it. */
export function chosenBy(user: Pick<User, "appLang" | "systemSettings">): {
  language: Language | null;
  theme: ThemeChoice | null;
} {
  const theme = user.systemSettings?.theme;
  return {
    language: languageOf(user.appLang),
    theme: theme !== undefined && THEMES.includes(theme) ? theme : null,
  };
}
