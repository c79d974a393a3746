/** A day, or a period that moves with the calendar: this week, the past 7 days. */
import { DatePicker, InputNumber, Select, Space } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useTranslation } from "react-i18next";

const DAY = "YYYY-MM-DD";

const MOVING = [
  "today",
  "yesterday",
  "tomorrow",
  "thisWeek",
  "lastWeek",
  "nextWeek",
  "thisMonth",
  "lastMonth",
  "nextMonth",
  "thisQuarter",
  "lastQuarter",
  "nextQuarter",
  "thisYear",
  "lastYear",
  "nextYear",
] as const;
const COUNTED = ["past", "next"] as const;
const UNITS = ["day", "week", "month", "quarter", "year"] as const;
type Kind = "day" | (typeof MOVING)[number] | (typeof COUNTED)[number];
type Unit = (typeof UNITS)[number];

interface Moving {
  type: Kind;
  number?: number;
  unit?: Unit;
}

const isMoving = (value: unknown): value is Moving =>
  typeof value === "object" && value !== null && "type" in value;
const isCounted = (kind: Kind): kind is (typeof COUNTED)[number] =>
  (COUNTED as readonly string[]).includes(kind);

interface Props {
  value: unknown;
  onChange: (value: unknown) => void;
}

/** The value is as filters take it: `2026-05-13`, `{"type": "thisWeek"}`, `{"type": "past", "number": 7, "unit": "day"}`. */
export function Period({ value, onChange }: Props) {
  const { t } = useTranslation();
  const kind: Kind = isMoving(value) ? value.type : "day";
  const choose = (next: Kind) => {
    if (next === "day") onChange(undefined);
    else onChange(isCounted(next) ? { type: next, number: 7, unit: "day" } : { type: next });
  };
  return (
    <Space.Compact block>
      <Select<Kind>
        aria-label={t("schema.period")}
        value={kind}
        onChange={choose}
        popupMatchSelectWidth={false}
        style={{ minWidth: 120 }}
        options={(["day", ...MOVING, ...COUNTED] as const).map((name) => ({
          value: name,
          label: t(`schema.periods.${name}`),
        }))}
      />
      {kind === "day" && (
        <DatePicker
          aria-label={t("schema.periods.day")}
          format="L"
          style={{ flex: 1 }}
          value={typeof value === "string" ? dayjs(value.slice(0, DAY.length)) : null}
          onChange={(next: Dayjs | null) => onChange(next?.format(DAY))}
        />
      )}
      {isMoving(value) && isCounted(kind) && <Counted value={value} onChange={onChange} />}
    </Space.Compact>
  );
}

function Counted({ value, onChange }: { value: Moving; onChange: (value: Moving) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <InputNumber<number>
        aria-label={t("schema.howMany")}
        min={1}
        max={1000}
        precision={0}
        value={value.number ?? 1}
        onChange={(number) => onChange({ ...value, number: number ?? 1 })}
        style={{ width: 72 }}
      />
      <Select<Unit>
        aria-label={t("schema.unit")}
        value={value.unit ?? "day"}
        onChange={(unit) => onChange({ ...value, unit })}
        style={{ minWidth: 90 }}
        options={UNITS.map((unit) => ({ value: unit, label: t(`schema.units.${unit}`) }))}
      />
    </>
  );
}

interface DaysProps {
  value: unknown;
  onChange: (value: unknown) => void;
  label: string;
}

/** Two days, either of which may be left open. */
export function Days({ value, onChange, label }: DaysProps) {
  const [from, to] = Array.isArray(value) ? (value as (string | null)[]) : [];
  return (
    <DatePicker.RangePicker
      aria-label={label}
      format="L"
      allowEmpty
      style={{ width: "100%" }}
      value={[from ? dayjs(from) : null, to ? dayjs(to) : null]}
      onChange={(next) => onChange(next?.map((end) => end?.format(DAY) ?? null))}
    />
  );
}
