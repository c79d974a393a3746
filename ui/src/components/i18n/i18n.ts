/** The texts of the pages. One language is loaded: the one that is shown. */
import dayjsEn from "dayjs/locale/en";
import type { Locale } from "antd/es/locale";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { speak } from "@/api/client";
import { setFormats } from "@/lib/format";
import { LANGUAGES, type Language } from "@/lib/languages";
import type en from "@/locales/en";

interface Loaded {
  texts: typeof en;
  antd: Locale;
  /** Name that dayjs knows the language by. */
  dayjs: string;
}

/** Each language is a chunk of its own, with the texts of the components beside ours. */
const loaders: Record<Language, () => Promise<Loaded>> = {
  en: async () => {
    const [texts, antd] = await Promise.all([import("@/locales/en"), import("antd/es/locale/en_US")]);
    return { texts: texts.default, antd: antd.default, dayjs: dayjsEn.name };
  },
  es: async () => {
    const [texts, antd] = await Promise.all([
      import("@/locales/es"),
      import("antd/es/locale/es_ES"),
      import("dayjs/locale/es"),
    ]);
    return { texts: texts.default, antd: antd.default, dayjs: "es" };
  },
  fr: async () => {
    const [texts, antd] = await Promise.all([
      import("@/locales/fr"),
      import("antd/es/locale/fr_FR"),
      import("dayjs/locale/fr"),
    ]);
    return { texts: texts.default, antd: antd.default, dayjs: "fr" };
  },
  zh: async () => {
    const [texts, antd] = await Promise.all([
      import("@/locales/zh"),
      import("antd/es/locale/zh_CN"),
      import("dayjs/locale/zh-cn"),
    ]);
    return { texts: { ...texts.default } as typeof en, antd: antd.default, dayjs: "zh-cn" };
  },
};

/** Show the pages in this language from now on; answers the texts of the components. */
export async function show(language: Language): Promise<Locale> {
  const { texts, antd, dayjs } = await loaders[language]();
  const { tag } = LANGUAGES[language];
  speak(tag);
  setFormats(tag, dayjs);
  if (i18next.isInitialized) {
    i18next.addResourceBundle(language, "translation", texts);
    await i18next.changeLanguage(language);
  } else {
    await i18next.use(initReactI18next).init({
      lng: language,
      fallbackLng: false,
      showSupportNotice: false,
      resources: { [language]: { translation: texts } },
      interpolation: { escapeValue: false },
    });
  }
  document.documentElement.lang = tag;
  return antd;
}
