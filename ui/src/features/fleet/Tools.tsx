/** Above the list of applications: the search, and what narrows the list. */

import { Button, Flex, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { environments } from "@/api/queries/environments";
import { SearchInput } from "@/components/SearchInput";
import { isNarrowed, kinds, KINDS, type Kind, type Search } from "@/features/fleet/search";
import type { StartMode } from "@/api/fleet";
import styles from "@/features/fleet/fleet.module.css";

interface Props {
  search: Search;
  typed: string;
  type: (typed: string) => void;
  /** Of those that are shown, to choose from; others can be written. */
  labels: readonly string[];
  /** What is `undefined` does not stand in the address any more. */
  narrow: (changes: { [K in keyof Search]?: Search[K] | undefined }) => void;
}

export function Tools({ search, typed, type, labels, narrow }: Props) {
  const { t } = useTranslation();
  const places = useQuery(environments.list()).data ?? [];
  const deleted = search.shown === "deleted";
  const clear = () => {
    type("");
    narrow({ q: undefined, status: undefined, environment: undefined, start: undefined, labels: undefined });
  };
  return (
    <Flex gap={8} wrap className={styles["tools"] ?? ""} role="search">
      <SearchInput
        className={styles["search"] ?? ""}
        label={t("common.search")}
        placeholder={t("fleet.searchHint")}
        value={typed}
        onType={type}
      />
      {!deleted && (
        <Select<Kind[]>
          className={styles["filter"] ?? ""}
          mode="multiple"
          maxTagCount="responsive"
          allowClear
          showSearch={false}
          placeholder={t("fleet.anyStatus")}
          aria-label={t("common.status")}
          value={kinds(search)}
          onChange={(chosen) => narrow({ status: chosen.join(",") || undefined })}
          options={KINDS.map((value) => ({ value, label: t(`fleet.kind.${value}`) }))}
        />
      )}
      {places.length > 1 && (
        <Select<string>
          className={styles["filter"] ?? ""}
          allowClear
          placeholder={t("fleet.anyEnvironment")}
          aria-label={t("fleet.environment")}
          value={search.environment ?? null}
          onChange={(chosen: string | undefined) => narrow({ environment: chosen })}
          options={places.map(({ name }) => ({ value: name, label: name }))}
        />
      )}
      <Select<StartMode>
        className={styles["filter"] ?? ""}
        allowClear
        placeholder={t("fleet.anyStart")}
        aria-label={t("fleet.start")}
        value={search.start ?? null}
        onChange={(chosen: StartMode | undefined) => narrow({ start: chosen })}
        options={(["onFirstVisit", "withMain"] as const).map((value) => ({
          value,
          label: t(`fleet.startMode.${value}`),
        }))}
      />
      <Select<string[]>
        className={styles["filter"] ?? ""}
        mode="tags"
        maxTagCount="responsive"
        allowClear
        placeholder={t("fleet.anyLabel")}
        aria-label={t("fleet.labels")}
        value={search.labels ?? []}
        onChange={(chosen) => narrow({ labels: chosen.length > 0 ? chosen : undefined })}
        options={labels.map((value) => ({ value, label: value }))}
      />
      {isNarrowed({ ...search, ...(typed ? { q: typed } : {}) }) && (
        <Button type="text" onClick={clear}>
          {t("fleet.clear")}
        </Button>
      )}
    </Flex>
  );
}
