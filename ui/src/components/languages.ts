/** The languages that people may choose here. */
import { useQuery } from "@tanstack/react-query";
import { settings } from "@/api/queries/session";
import { languageOf, languages, type Language } from "@/lib/languages";

/** Those that the application offers, in our order; the one that is spoken is always among them. */
export function offered(enabled: readonly string[] | null | undefined, spoken: Language): Language[] {
  if (!enabled) return languages;
  const named = new Set(enabled.map(languageOf));
  return languages.filter((language) => language === spoken || named.has(language));
}

export function useOffered(spoken: Language): Language[] {
  return offered(useQuery(settings.get()).data?.enabledLanguages, spoken);
}
