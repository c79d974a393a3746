/** Language, theme and colour of all pages: chosen here, kept in the browser and with the person. */
import { EllipsisOutlined } from "@ant-design/icons";
import { App as AntApp, ConfigProvider } from "antd";
import type { Locale } from "antd/es/locale";
import {
  createContext,
  use,
  useCallback,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from "react";
import { useTranslation } from "react-i18next";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { settings } from "@/api/queries/session";
import type { ThemeChoice } from "@/api/types";
import { show } from "@/components/i18n/i18n";
import styles from "@/components/appearance.module.css";
import { themeOf } from "@/components/palette";
import { boot } from "@/lib/boot";
import { DEFAULT_COLOR } from "@/lib/color";
import { keep, kept } from "@/lib/kept";
import { keepLanguage } from "@/lib/kept-language";
import type { Language } from "@/lib/languages";

function MoreTabs() {
  const { t } = useTranslation();
  return <EllipsisOutlined aria-label={t("common.moreTabs")} />;
}

/** What the button for tabs without room says: of itself it has an icon and no name. */
const TABS = { moreIcon: <MoreTabs /> };

interface Appearance {
  language: Language;
  setLanguage: (language: Language) => Promise<void>;
  theme: ThemeChoice;
  setTheme: (theme: ThemeChoice) => void;
  dark: boolean;
}

const Context = createContext<Appearance | null>(null);

export function useAppearance(): Appearance {
  const value = use(Context);
  if (!value) throw new Error("useAppearance outside of AppearanceProvider");
  return value;
}

const DARK_SYSTEM = window.matchMedia("(prefers-color-scheme: dark)");
const STILLNESS = window.matchMedia("(prefers-reduced-motion: reduce)");

/** What a person has told their system that they prefer, as it is now. */
function usePreference(asked: MediaQueryList): boolean {
  const watch = useCallback(
    (told: () => void) => {
      asked.addEventListener("change", told);
      return () => asked.removeEventListener("change", told);
    },
    [asked],
  );
  return useSyncExternalStore(watch, () => asked.matches);
}

interface Props {
  language: Language;
  locale: Locale;
  children: ReactNode;
}

export function AppearanceProvider({ language: first, locale: firstLocale, children }: Props) {
  const [theme, chooseTheme] = useState<ThemeChoice>(() => kept<ThemeChoice>("theme", "system"));
  const [spoken, setSpoken] = useState({ language: first, locale: firstLocale });
  const systemDark = usePreference(DARK_SYSTEM);
  const still = usePreference(STILLNESS);
  const dark = theme === "dark" || (theme === "system" && systemDark);
  const client = useQueryClient();
  const { data } = useQuery(settings.get());
  const color = data?.color ?? DEFAULT_COLOR;

  const setTheme = useCallback((choice: ThemeChoice) => {
    keep("theme", choice);
    chooseTheme(choice);
  }, []);
  const turn = useRef<Promise<void>>(Promise.resolve());
  const now = useRef(first);
  const setLanguage = useCallback(
    (language: Language) => {
      const change = async () => {
        const locale = await show(language);
        keepLanguage(language);
        setSpoken({ language, locale });
        // what the server has told, it has told in the language of before
        if (now.current !== language) void client.invalidateQueries();
        now.current = language;
      };
      // One after the other: the one that was chosen last stays, however long the texts of another take.
      turn.current = turn.current.then(change, change);
      return turn.current;
    },
    [client],
  );
  const value = useMemo(
    () => ({ language: spoken.language, setLanguage, theme, setTheme, dark }),
    [spoken, setLanguage, theme, setTheme, dark],
  );
  const config = useMemo(() => themeOf(color, dark, still), [color, dark, still]);
  return (
    <Context value={value}>
      <ConfigProvider csp={{ nonce: boot.nonce }} locale={spoken.locale} theme={config} tabs={TABS}>
        <AntApp notification={{ placement: "bottomRight" }} className={styles["app"] ?? ""}>
          {children}
        </AntApp>
      </ConfigProvider>
    </Context>
  );
}
