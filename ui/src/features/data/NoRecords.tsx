import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { collectionTitle, type Collection } from "@/api/metadata";
import { Nothing } from "@/components/states";

interface Props {
  collection: Collection;
  /** There may be some that do not fit. */
  filtered: boolean;
  mayCreate: boolean;
  onClear: () => void;
}

/** Why the table is empty, and what to do about it. */
export function NoRecords({ collection, filtered, mayCreate, onClear }: Props) {
  const { t } = useTranslation();
  if (filtered) {
    return (
      <Nothing
        title={t("data.noneFits")}
        hint={t("data.noneFitsHint")}
        action={<Button onClick={onClear}>{t("data.clearFilter")}</Button>}
      />
    );
  }
  return (
    <Nothing
      title={t("data.noneYet", { title: collectionTitle(collection) })}
      {...(mayCreate ? { hint: t("data.noneYetHint") } : {})}
    />
  );
}
