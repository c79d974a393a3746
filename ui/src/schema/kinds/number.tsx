/** Numbers. Those that JavaScript can not hold exactly (`decimal`, `bigInt`) are text all the way. */
import { InputNumber } from "antd";
import { fromPercent, toPercent, wholeNumber } from "@/lib/decimals";
import { decimal as decimalText, number as numberText } from "@/lib/format";
import { control } from "@/schema/control";
import type { CellProps, InputProps, Look } from "@/schema/types";
import styles from "@/schema/kinds/Kinds.module.css";

const MOST_DIGITS = 10;
const WHOLE = { style: { width: "100%" } };

function Figures({ children }: { children: string }) {
  return <span className={`${styles["text"] ?? ""} ${styles["figures"] ?? ""}`}>{children}</span>;
}

function NumberCell({ value }: CellProps) {
  return <Figures>{typeof value === "number" ? numberText(value, MOST_DIGITS) : String(value)}</Figures>;
}

function numberInput(precision?: number) {
  return function NumberInput(props: InputProps) {
    const { value, onChange } = props;
    return (
      <InputNumber<number>
        {...control(props)}
        {...WHOLE}
        {...(precision === undefined ? {} : { precision })}
        value={typeof value === "number" ? value : null}
        onChange={(next) => onChange?.(next)}
        controls={false}
      />
    );
  };
}

export const number: Look = { Cell: NumberCell, Input: numberInput(), width: 120, align: "end" };
export const integer: Look = { Cell: NumberCell, Input: numberInput(0), width: 110, align: "end" };

function PercentCell({ value }: CellProps) {
  return (
    <Figures>
      {typeof value === "number" ? `${numberText(toPercent(value), MOST_DIGITS)} %` : String(value)}
    </Figures>
  );
}

function PercentInput(props: InputProps) {
  const { value, onChange } = props;
  return (
    <InputNumber<number>
      {...control(props)}
      {...WHOLE}
      suffix="%"
      value={typeof value === "number" ? toPercent(value) : null}
      onChange={(next) => onChange?.(next === null ? null : fromPercent(next))}
      controls={false}
    />
  );
}

/** Stored as a share of 1. */
export const percent: Look = { Cell: PercentCell, Input: PercentInput, width: 110, align: "end" };

const exactText = (value: unknown): string | null =>
  typeof value === "string" || typeof value === "number" ? String(value) : null;

function DecimalCell({ value, field }: CellProps) {
  // A formula has the most digits that there are; only those that say something are shown.
  const digits = field.type === "decimal" ? field.scale : undefined;
  return <Figures>{decimalText(String(value), digits)}</Figures>;
}

function DecimalInput(props: InputProps) {
  const { field, value, onChange } = props;
  return (
    <InputNumber<string>
      {...control(props)}
      {...WHOLE}
      {...(field.scale === undefined ? {} : { precision: field.scale })}
      stringMode
      value={exactText(value)}
      onChange={(next) => onChange?.(next)}
      controls={false}
    />
  );
}

export const decimal: Look = { Cell: DecimalCell, Input: DecimalInput, width: 130, align: "end" };

function BigCell({ value }: CellProps) {
  return <Figures>{decimalText(String(value))}</Figures>;
}

export function BigInput(props: InputProps) {
  const { value, onChange } = props;
  return (
    <InputNumber<string>
      {...control(props)}
      {...WHOLE}
      precision={0}
      stringMode
      value={exactText(value)}
      onChange={(next) => onChange?.(next === null ? null : wholeNumber(next))}
      controls={false}
    />
  );
}

export const bigInt: Look = { Cell: BigCell, Input: BigInput, width: 180, align: "end" };

function KeyCell({ value }: CellProps) {
  return <Figures>{String(value)}</Figures>;
}

/** Numbers that name something: no signs between their digits. The server gives them. */
export const key: Look = { Cell: KeyCell, Input: null, width: 80 };

/** A foreign key as a plain number. */
export const reference: Look = { Cell: KeyCell, Input: BigInput, width: 110, align: "end" };
