/** The languages of the pages, and what the server calls them. */
export const LANGUAGES = {
  en: { tag: "en-US", label: "English" },
  es: { tag: "es-ES", label: "Español" },
  fr: { tag: "fr-FR", label: "Français" },
  zh: { tag: "zh-CN", label: "简体中文" },
} as const;

export type Language = keyof typeof LANGUAGES;

export const languages = Object.keys(LANGUAGES) as Language[];

/** The language of the pages that a tag such as `fr-CA` asks for, or `null` where there is none. */
export function languageOf(tag: string | null | undefined): Language | null {
  const short = tag?.toLowerCase().split(/[-_]/)[0];
  return languages.find((language) => language === short) ?? null;
}

/** The first wish that can be met; English where none can. */
export function chooseLanguage(...wishes: readonly (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const found = languageOf(wish);
    if (found) return found;
  }
  return "en";
}
