/** Choose records to relate: searched, several at once; those that are related already say so. */

import { Modal, Table } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { keyOf, labelField, type Collection, type Field, type Key, type Row } from "@/api/metadata";
import { records } from "@/api/queries/records";
import { useDebounced } from "@/components/debounced";
import { SearchInput } from "@/components/SearchInput";
import { Failed } from "@/components/states";
import { useLastPage } from "@/components/useLastPage";
import { briefColumns, briefFields } from "@/features/data/brief";
import { familyOf } from "@/schema/operators";

interface Props {
  open: boolean;
  title: string;
  collection: Collection;
  record: Key;
  field: Field;
  target: Collection;
  busy: boolean;
  onClose: () => void;
  onPicked: (keys: Key[]) => void;
}

export function PickRecords({ open, title, busy, onClose, onPicked, ...place }: Props) {
  const { t } = useTranslation();
  const [picked, setPicked] = useState<Key[]>([]);
  return (
    <Modal
      open={open}
      title={title}
      width={640}
      okText={t("record.linkCount", { count: picked.length })}
      okButtonProps={{ disabled: picked.length === 0, loading: busy }}
      cancelText={t("common.cancel")}
      onOk={() => onPicked(picked)}
      onCancel={onClose}
      afterClose={() => setPicked([])}
      destroyOnHidden
    >
      <Choice {...place} picked={picked} onPick={setPicked} />
    </Modal>
  );
}

interface ChoiceProps extends Pick<Props, "collection" | "record" | "field" | "target"> {
  picked: Key[];
  onPick: (keys: Key[]) => void;
}

const PAGE_SIZE = 8;

function Choice({ collection, record, field, target, picked, onPick }: ChoiceProps) {
  const { t } = useTranslation();
  const [page, setPage] = useState(1);
  const [typed, setTyped] = useState("");
  const searched = useDebounced(typed.trim());
  const label = labelField(target);
  const condition = label && familyOf(label) === "text" ? { $includes: searched } : { $eq: searched };
  const fields = briefFields(target, field);
  const found = useQuery({
    ...records.list(target.name, {
      page,
      pageSize: PAGE_SIZE,
      fields: fields.map(({ name }) => name),
      ...(label ? { sort: [label.name] } : {}),
      ...(label && searched ? { filter: { [label.name]: condition } } : {}),
    }),
    placeholderData: keepPreviousData,
  });
  useLastPage(found, page, PAGE_SIZE, setPage);
  const rows = found.data?.rows ?? [];
  const keys = rows.map((row) => keyOf(target, row)).filter((key) => key !== null);
  const related = useQuery({
    ...records.related(collection.name, record, field.name, target.name, {
      pageSize: PAGE_SIZE,
      fields: [target.filterTargetKey ?? "id"],
      filter: { [target.filterTargetKey ?? "id"]: { $in: keys } },
    }),
    enabled: keys.length > 0,
  });
  const linked = (related.data?.rows ?? []).map((row) => keyOf(target, row)).filter((key) => key !== null);
  return (
    <>
      <SearchInput
        label={t("common.search")}
        value={typed}
        onType={(word) => {
          setTyped(word);
          setPage(1);
        }}
        style={{ marginBottom: 12 }}
      />
      {found.error && !found.data ? (
        <Failed error={found.error} retry={() => void found.refetch()} />
      ) : (
        <Table<Row>
          size="small"
          rowKey={(row) => keyOf(target, row) ?? JSON.stringify(row)}
          loading={found.isFetching}
          dataSource={rows}
          scroll={{ x: "max-content" }}
          columns={briefColumns(t, fields)}
          rowSelection={{
            preserveSelectedRowKeys: true,
            selectedRowKeys: [...picked, ...linked],
            onChange: (chosen) => onPick((chosen as Key[]).filter((key) => !linked.includes(key))),
            getCheckboxProps: (row) => ({ disabled: linked.includes(keyOf(target, row) ?? "") }),
          }}
          pagination={{
            current: page,
            pageSize: PAGE_SIZE,
            total: found.data?.meta.count ?? 0,
            hideOnSinglePage: true,
            showSizeChanger: false,
            size: "small",
            onChange: setPage,
          }}
        />
      )}
    </>
  );
}
