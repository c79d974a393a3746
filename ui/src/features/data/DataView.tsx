import { PlusOutlined, ReloadOutlined } from "@ant-design/icons";
import { Button, Pagination, Typography } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useLive } from "@/api/live";
import { collectionTitle, keyOf, type Collection, type Key } from "@/api/metadata";
import { records, type Records } from "@/api/queries/records";
import { session } from "@/api/queries/session";
import { isReadable, useCollectionRights } from "@/components/collectionRights";
import { useCollections } from "@/components/collections";
import { Page } from "@/components/Page";
import { SearchInput } from "@/components/SearchInput";
import { Shown } from "@/components/states";
import { useTyped } from "@/components/typed";
import { useLastPage } from "@/components/useLastPage";
import { ChosenBar } from "@/features/data/ChosenBar";
import {
  columnFields,
  columnsOf,
  fieldsAsked,
  FIRST_VIEW,
  searchedFields,
  type View,
} from "@/features/data/columns";
import { ColumnsButton } from "@/features/data/ColumnsButton";
import { ExportButton } from "@/features/data/ExportButton";
import { FilterButton } from "@/features/data/FilterButton";
import { ImportButton } from "@/features/data/ImportButton";
import { NoRecords } from "@/features/data/NoRecords";
import { RecordDrawer } from "@/features/data/RecordDrawer";
import { RecordsTable } from "@/features/data/RecordsTable";
import {
  anew,
  DEFAULT_PAGE_SIZE,
  filterOf,
  opening,
  PAGE_SIZES,
  readSearch,
  sortOf,
  whichOf,
  type DataSearch,
} from "@/features/data/search";
import { turned, writeSort } from "@/features/data/sorting";
import { NEW, type Which } from "@/features/data/which";
import { number } from "@/lib/format";
import { keep, kept } from "@/lib/kept";
import styles from "@/features/data/Data.module.css";

/** How the table of a collection looks in this browser, kept there. */
function useView(collection: Collection): [View, (view: View) => void] {
  const place = `data:${collection.name}`;
  const [view, setView] = useState<View>(() => ({ ...FIRST_VIEW, ...kept<Partial<View>>(place, {}) }));
  return [
    view,
    (next) => {
      keep(place, next);
      setView(next);
    },
  ];
}

/** Fields that stand in the table, those among them that are shown, and what follows from that. */
function useColumns(collection: Collection, view: View) {
  const all = useCollections();
  const rights = useCollectionRights(collection);
  const { data: role } = useQuery(session.rights());
  return useMemo(() => {
    const fields = columnFields(
      collection,
      ({ name }) => rights.mayField("view", name) && isReadable(role, all, collection, name),
    );
    const columns = columnsOf(fields, all, view);
    return { fields, columns, asked: fieldsAsked(collection, columns), searched: searchedFields(fields) };
  }, [collection, all, rights, role, view]);
}

export function DataView({ collection }: { collection: Collection }) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/data/$collection" });
  const search = useSearch({ from: "/inside/data/$collection" });
  const rights = useCollectionRights(collection);
  const [view, setView] = useView(collection);
  const { fields, columns, asked, searched } = useColumns(collection, view);
  const [chosen, setChosen] = useState<Key[]>([]);
  const sort = sortOf(search);
  const filter = filterOf(search, searched);
  const { page = 1, pageSize = DEFAULT_PAGE_SIZE } = search;
  const order = sort.map(({ path, down }) => (down ? `-${path}` : path));
  const found = useQuery({
    ...records.list(collection.name, {
      page,
      pageSize,
      fields: asked,
      ...(order.length > 0 ? { sort: order } : {}),
      ...(filter ? { filter } : {}),
    }),
    placeholderData: keepPreviousData,
  });
  useLive(`records:${collection.name}`, records.of(collection.name));
  const go = (change: Parameters<typeof anew>[1], replace = false) =>
    void navigate({ search: (now: DataSearch) => anew(now, change), replace });
  const turn = (to: number, size: number) =>
    void navigate({
      search: (now: DataSearch) => readSearch({ ...now, page: size === pageSize ? to : 1, pageSize: size }),
    });
  useLastPage(found, page, pageSize, (to) => go({ page: to }, true));
  const open = (which: Which | undefined) =>
    void navigate({ search: (now: DataSearch) => opening(now, which) });
  const [typed, type] = useTyped(search.q ?? "", (q) => go({ q }, true));
  const title = collectionTitle(collection);
  const mayChoose = collection.filterTargetKey !== null && (rights.may("update") || rights.may("destroy"));
  return (
    <Page
      wide
      title={title}
      hint={collection.description ?? undefined}
      actions={
        <>
          <ImportButton collection={collection} />
          <ExportButton
            collection={collection}
            filter={filter}
            sort={order}
            fields={columns.map(({ field }) => field.name)}
          />
          {rights.may("create") && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => open(NEW)}>
              {t("data.new")}
            </Button>
          )}
        </>
      }
    >
      <div className={styles["bar"]} role="toolbar" aria-label={t("data.tools")}>
        {searched.length > 0 && (
          <SearchInput
            className={styles["search"] ?? ""}
            label={t("data.searchIn", { title })}
            value={typed}
            onType={type}
          />
        )}
        <FilterButton
          collection={collection}
          filter={search.filter}
          onFilter={(next) => go({ filter: next }, true)}
        />
        <ColumnsButton fields={fields} view={view} onView={setView} />
        <div className={styles["gap"]} />
        <Button
          icon={<ReloadOutlined spin={found.isFetching} />}
          aria-label={t("data.refresh")}
          onClick={() => void found.refetch()}
        />
      </div>
      {chosen.length > 0 && (
        <ChosenBar collection={collection} chosen={chosen} onDone={() => setChosen([])} />
      )}
      {found.error && !found.data && (search.filter ?? search.sort ?? search.q) && (
        <Button
          style={{ marginBottom: 12 }}
          onClick={() => go({ filter: undefined, sort: undefined, q: undefined })}
        >
          {t("data.showAll")}
        </Button>
      )}
      <Shown of={found}>
        {(answer) =>
          answer.rows.length === 0 && page === 1 ? (
            <NoRecords
              collection={collection}
              filtered={filter !== null}
              mayCreate={rights.may("create")}
              onClear={() => go({ filter: undefined, q: undefined })}
            />
          ) : (
            <>
              <div className={styles["frame"]}>
                <RecordsTable
                  {...{ collection, columns, sort, rights }}
                  rows={answer.rows}
                  density={view.density}
                  waiting={found.isPlaceholderData}
                  selected={chosen}
                  opened={search.record}
                  onSelect={mayChoose ? setChosen : null}
                  onSort={(path, more) => go({ sort: writeSort(turned(sort, path, more)) })}
                  onWidth={(name, width) => setView({ ...view, widths: { ...view.widths, [name]: width } })}
                  onOpen={open}
                />
              </div>
              <Pages {...{ answer, page, pageSize }} onTurn={turn} />
            </>
          )
        }
      </Shown>
      <RecordDrawer
        collection={collection}
        record={whichOf(search)}
        rows={(found.data?.rows ?? []).map((row) => keyOf(collection, row)).filter((key) => key !== null)}
        onRecord={open}
      />
    </Page>
  );
}

interface PagesProps {
  answer: Records;
  page: number;
  pageSize: number;
  onTurn: (page: number, pageSize: number) => void;
}

/** Where nobody counts, there is one page more as long as the answer says so. */
function Pages({ answer: { rows, meta }, page, pageSize, onTurn }: PagesProps) {
  const { t } = useTranslation();
  const total = meta.count ?? (page - 1) * pageSize + rows.length + (meta.hasNext ? 1 : 0);
  return (
    <div className={styles["foot"]}>
      {meta.count !== undefined && (
        <Typography.Text type="secondary">
          {t("data.count", { count: meta.count, number: number(meta.count) })}
        </Typography.Text>
      )}
      <Pagination
        simple={meta.count === undefined}
        responsive
        current={page}
        pageSize={pageSize}
        total={total}
        showSizeChanger
        pageSizeOptions={[...PAGE_SIZES]}
        onChange={onTurn}
      />
    </div>
  );
}
