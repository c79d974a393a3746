/** A field that can be emptied at once, by a button that says so. */
import { CloseCircleFilled } from "@ant-design/icons";
import { useTranslation } from "react-i18next";

function Clear() {
  const { t } = useTranslation();
  return <CloseCircleFilled aria-label={t("common.emptyField")} />;
}

/** What to give as `allowClear` to an input: of itself its button has an icon and no name. */
export const CLEARABLE = { clearIcon: <Clear /> };
