import { CheckSquareFilled, BorderOutlined } from "@ant-design/icons";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { control } from "@/schema/control";
import type { CellProps, InputProps, Look } from "@/schema/types";

function BooleanCell({ value }: CellProps) {
  const { t } = useTranslation();
  const text = value === true ? t("common.yes") : t("common.no");
  return value === true ? (
    <CheckSquareFilled aria-label={text} style={{ color: "var(--ant-color-primary)", fontSize: 16 }} />
  ) : (
    <BorderOutlined aria-label={text} style={{ color: "var(--ant-color-text-tertiary)", fontSize: 16 }} />
  );
}

function BooleanInput(props: InputProps) {
  const { value, onChange } = props;
  const { t } = useTranslation();
  return (
    <Select<"yes" | "no">
      {...control(props)}
      allowClear
      style={{ width: "100%" }}
      value={typeof value === "boolean" ? (value ? "yes" : "no") : null}
      onChange={(next: string | undefined) => onChange?.(next === undefined ? null : next === "yes")}
      options={[
        { value: "yes", label: t("common.yes") },
        { value: "no", label: t("common.no") },
      ]}
    />
  );
}

/** Yes, no, or not said. */
export const boolean: Look = { Cell: BooleanCell, Input: BooleanInput, width: 90, instant: true };
