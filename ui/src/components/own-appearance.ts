/** Theme and language of who is signed in: shown at once, kept in the browser and with the person. */
import { useEffect } from "react";
import { useIsMutating, useQuery } from "@tanstack/react-query";
import { PROFILE, useUpdateProfile } from "@/api/mutations/session";
import { session } from "@/api/queries/session";
import type { ThemeChoice } from "@/api/types";
import { useAppearance } from "@/components/appearance";
import { chosenBy } from "@/components/chosen";
import { useTold } from "@/components/told";
import { LANGUAGES, type Language } from "@/lib/languages";

export function useOwnAppearance() {
  const { theme, setTheme, language, setLanguage } = useAppearance();
  const { data: user } = useQuery(session.user());
  const { mutate } = useUpdateProfile();
  const { failed } = useTold();
  const chooseTheme = (choice: ThemeChoice) => {
    setTheme(choice);
    mutate({ systemSettings: { ...user?.systemSettings, theme: choice } }, { onError: failed });
  };
  const chooseLanguage = (choice: Language) => {
    setLanguage(choice).catch(failed);
    mutate({ appLang: LANGUAGES[choice].tag }, { onError: failed });
  };
  return { theme, chooseTheme, language, chooseLanguage };
}

/** Show what the person has chosen, also elsewhere; while a choice of theirs is on its way, that one stays. */
export function useFollowOwn(): void {
  const { setTheme, setLanguage } = useAppearance();
  const { data: user } = useQuery(session.user());
  const settled = useIsMutating({ mutationKey: PROFILE }) === 0;
  const { language, theme } = user ? chosenBy(user) : { language: null, theme: null };
  useEffect(() => {
    if (settled && theme !== null) setTheme(theme);
  }, [settled, theme, setTheme]);
  useEffect(() => {
    // Whose texts can not be read now: the pages stay as they are.
    if (settled && language !== null) setLanguage(language).catch(() => undefined);
  }, [settled, language, setLanguage]);
}
