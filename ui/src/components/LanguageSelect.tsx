import { GlobalOutlined } from "@ant-design/icons";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { useAppearance } from "@/components/appearance";
import { useOffered } from "@/components/languages";
import { useTold } from "@/components/told";
import { LANGUAGES } from "@/lib/languages";

/** Chooses the language of the pages in this browser. */
export function LanguageSelect() {
  const { t } = useTranslation();
  const { language, setLanguage } = useAppearance();
  const { failed } = useTold();
  const offeredLanguages = useOffered(language);
  return (
    <Select
      aria-label={t("shell.language")}
      variant="borderless"
      prefix={<GlobalOutlined />}
      value={language}
      onChange={(chosen) => void setLanguage(chosen).catch(failed)}
      options={offeredLanguages.map((value) => ({ value, label: LANGUAGES[value].label }))}
      popupMatchSelectWidth={false}
    />
  );
}
