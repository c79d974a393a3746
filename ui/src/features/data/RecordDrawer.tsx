/** One record beside its table: every field and relation, to read and to write. */
import { DownOutlined, UpOutlined } from "@ant-design/icons";
import { Button, Drawer, Flex, Tooltip } from "antd";
import { useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCollection } from "@/components/collections";
import { collectionTitle, type Collection, type Key, type Row } from "@/api/metadata";
import { Opening, type Opened } from "@/features/data/opening";
import { OneRecord } from "@/features/data/OneRecord";
import { NEW, whichText, type Which } from "@/features/data/which";

interface Props {
  collection: Collection;
  /** `undefined`: nothing is open. */
  record: Which | undefined;
  /** Keys of the rows around it, in their order. */
  rows?: readonly Key[];
  /** Open another one, or none. */
  onRecord: (record: Which | undefined) => void;
  at?: string | undefined;
  onSaved?: ((row: Row) => void) | undefined;
}

export function RecordDrawer({ collection, record, rows = [], onRecord, at, onSaved }: Props) {
  const { t } = useTranslation();
  const [title, setTitle] = useState("");
  const [opened, setOpened] = useState<Opened | null>(null);
  const leave = useRef((then: () => void) => then());
  const place = record === NEW ? -1 : rows.findIndex((key) => String(key) === String(record));
  const step = (by: number, label: string, icon: React.ReactNode) => {
    const next = place < 0 ? undefined : rows[place + by];
    return (
      <Tooltip title={label}>
        <Button
          type="text"
          icon={icon}
          aria-label={label}
          disabled={next === undefined}
          onClick={() => next !== undefined && leave.current(() => onRecord(next))}
        />
      </Tooltip>
    );
  };
  const offer = useCallback((how: (then: () => void) => void) => {
    leave.current = how;
  }, []);
  const name = collectionTitle(collection);
  return (
    <Drawer
      open={record !== undefined}
      onClose={() => leave.current(() => onRecord(undefined))}
      title={record === NEW ? t("record.new", { name }) : title || name}
      size="min(720px, 100vw)"
      destroyOnHidden
      extra={
        rows.length > 0 &&
        record !== NEW && (
          <Flex>
            {step(-1, t("record.previous"), <UpOutlined />)}
            {step(1, t("record.next"), <DownOutlined />)}
          </Flex>
        )
      }
      styles={{ body: { padding: 0, display: "flex", flexDirection: "column" } }}
    >
      <Opening value={setOpened}>
        {record !== undefined && (
          <OneRecord
            key={whichText(record)}
            collection={collection}
            record={record}
            at={at}
            onTitle={setTitle}
            onLeave={offer}
            onRecord={onRecord}
            onSaved={onSaved}
          />
        )}
      </Opening>
      {opened && <Nested opened={opened} onOpened={setOpened} />}
    </Drawer>
  );
}

function Nested({ opened, onOpened }: { opened: Opened; onOpened: (opened: Opened | null) => void }) {
  const collection = useCollection(opened.collection);
  if (!collection) return null;
  return (
    <RecordDrawer
      collection={collection}
      record={opened.record}
      at={opened.at}
      onRecord={(record) => onOpened(record === undefined ? null : { collection: opened.collection, record })}
      onSaved={
        opened.onSaved &&
        ((row) => {
          opened.onSaved?.(row);
          onOpened(null);
        })
      }
    />
  );
}
