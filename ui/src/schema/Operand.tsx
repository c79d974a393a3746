/** What stands to the right of an operator in a filter. */
import { Input, Select, Space } from "antd";
import { useTranslation } from "react-i18next";
import { isToMany, keyOf, optionsOf, type Collection, type Field, type Row } from "@/api/metadata";
import { useCollection } from "@/components/collections";
import { OperandInput } from "@/schema/FieldInput";
import { SeveralInput, array } from "@/schema/kinds/select";
import { toMany } from "@/schema/kinds/relation";
import { familyOf, operatorOf, type OperatorName } from "@/schema/operators";
import { Days, Period } from "@/schema/Period";
import { titleOf } from "@/schema/titles";

interface Props {
  operator: OperatorName;
  field: Field;
  /** The collection that has the field. */
  collection: Collection;
  /** The relation through which the field is reached, where there is one. */
  through: Field | undefined;
  value: unknown;
  onChange: (value: unknown) => void;
}

export function Operand({ operator, field, collection, through, value, onChange }: Props) {
  const { t } = useTranslation();
  const label = t("schema.value");
  switch (operatorOf(operator)?.operand) {
    case "value":
      return <OperandInput field={field} value={value} onChange={onChange} aria-label={label} />;
    case "text":
      return (
        <Input
          dir="auto"
          aria-label={label}
          value={typeof value === "string" ? value : ""}
          onChange={(event) => onChange(event.target.value)}
        />
      );
    case "values":
      return <Values {...{ field, through, value, onChange }} />;
    case "range":
      return <Range {...{ field, value, onChange }} />;
    case "period":
      return <Period value={value} onChange={onChange} />;
    case "days":
      return <Days value={value} onChange={onChange} label={label} />;
    case "field":
      return (
        <Select
          aria-label={label}
          style={{ width: "100%" }}
          value={typeof value === "string" ? value : null}
          onChange={onChange}
          options={collection.fields
            .filter((other) => other.name !== field.name && familyOf(other) === familyOf(field))
            .map((other) => ({ value: other.name, label: titleOf(t, other) }))}
        />
      );
    default:
      return null;
  }
}

type Some = Pick<Props, "field" | "value" | "onChange">;

function Range({ field, value, onChange }: Some) {
  const { t } = useTranslation();
  const [from, to] = Array.isArray(value) ? (value as unknown[]) : [];
  return (
    <Space.Compact block>
      <OperandInput
        field={field}
        value={from ?? null}
        onChange={(next) => onChange([next, to ?? null])}
        aria-label={t("schema.from")}
      />
      <OperandInput
        field={field}
        value={to ?? null}
        onChange={(next) => onChange([from ?? null, next])}
        aria-label={t("schema.to")}
      />
    </Space.Compact>
  );
}

const Listed = array.Input;
const Related = toMany.Input;

function Values({ field, through, value, onChange }: Some & Pick<Props, "through">) {
  const { t } = useTranslation();
  const target = useCollection(through?.target);
  const given = { field, value, onChange, "aria-label": t("schema.values") };
  if (optionsOf(field)) return <SeveralInput {...given} />;
  if (through && target?.filterTargetKey === field.name && Related) {
    // Records are chosen by what they are called; the filter has their keys.
    const several: Field = isToMany(through) ? through : { ...through, type: "hasMany" };
    const chosen = Array.isArray(value) ? value.map((key: unknown) => ({ [field.name]: key })) : [];
    const choose = (rows: unknown) => onChange((rows as Row[]).map((row) => keyOf(target, row)));
    return <Related {...given} field={several} value={chosen} onChange={choose} />;
  }
  return Listed ? <Listed {...given} /> : null;
}
