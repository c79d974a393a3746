/** The settings of one kind of field. */
import { Checkbox, Flex, Form, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import { collectionTitle, type Collection } from "@/api/metadata";
import { Choices } from "@/features/designer/Choices";
import type { FieldForm } from "@/features/designer/fieldBody";
import { resultText } from "@/features/designer/kinds";
import { NAME } from "@/features/designer/names";
import { Pattern } from "@/features/designer/Pattern";
import type { Kind } from "@/schema/registry";

const RULES = ["SET NULL", "RESTRICT", "CASCADE"] as const;
/** `integer` is a narrower `bigInt`: both are whole numbers to people, and one of them is enough. */
const FORMULA_TYPES = ["double", "bigInt", "decimal", "boolean", "string", "text", "date", "dateOnly"];

interface Props {
  kind: Kind;
  collection: Collection;
  all: readonly Collection[];
  /** Whether the field is there: what it relates to stays then. */
  existing: boolean;
}

function Default({ kind }: { kind: Kind }) {
  const { t } = useTranslation();
  const number = ["bigInt", "double"].includes(kind.type);
  return (
    <Form.Item name="defaultValue" label={t("designer.defaultValue")} extra={t("designer.defaultHint")}>
      {kind.type === "boolean" ? (
        <Select
          allowClear
          options={[
            { value: true, label: t("common.yes") },
            { value: false, label: t("common.no") },
          ]}
        />
      ) : number ? (
        <InputNumber style={{ width: "100%" }} {...(kind.type === "bigInt" ? { precision: 0 } : {})} />
      ) : (
        <Input />
      )}
    </Form.Item>
  );
}

function Relation({ kind, collection, all, existing }: Props) {
  const { t } = useTranslation();
  const reverse = Form.useWatch<boolean | undefined>("reverse");
  const targets = all
    .filter((one) => !one.hidden)
    .map((one) => ({ value: one.name, label: `${collectionTitle(one)} (${one.name})` }));
  const key = (name: "foreignKey" | "otherKey" | "through", label: string) => (
    <Form.Item<FieldForm>
      key={name}
      name={name}
      label={label}
      extra={existing ? undefined : t("designer.keyHint")}
      rules={[{ pattern: NAME, message: t("designer.identifierWrong") }]}
    >
      <Input disabled={existing} spellCheck={false} autoComplete="off" />
    </Form.Item>
  );
  return (
    <>
      <Form.Item<FieldForm>
        name="target"
        label={t("designer.target")}
        rules={[{ required: true, message: t("designer.targetMissing") }]}
      >
        <Select options={targets} disabled={existing} showSearch={{ optionFilterProp: "label" }} />
      </Form.Item>
      {!existing && (
        <>
          <Form.Item<FieldForm> name="reverse" valuePropName="checked" style={{ marginBottom: 8 }}>
            <Checkbox>{t("designer.reverse")}</Checkbox>
          </Form.Item>
          {reverse && (
            <>
              <Form.Item<FieldForm>
                name="reverseTitle"
                label={t("designer.reverseTitle")}
                rules={[{ required: true, whitespace: true, message: t("designer.titleMissing") }]}
              >
                <Input placeholder={collectionTitle(collection)} />
              </Form.Item>
              {kind.type === "belongsTo" && (
                <Form.Item<FieldForm> name="reverseOne" valuePropName="checked">
                  <Checkbox>{t("designer.reverseOne")}</Checkbox>
                </Form.Item>
              )}
            </>
          )}
        </>
      )}
      {kind.parts.includes("onDelete") && (
        <Form.Item<FieldForm> name="onDelete" label={t("designer.onDelete")}>
          <Select options={RULES.map((rule) => ({ value: rule, label: t(`designer.rule.${rule}`) }))} />
        </Form.Item>
      )}
      {kind.parts.includes("through") && key("through", t("designer.through"))}
      {key("foreignKey", t("designer.foreignKeyName"))}
      {kind.parts.includes("through") && key("otherKey", t("designer.otherKeyName"))}
    </>
  );
}

/** It is chosen once: the values that are there are stored so. */
function Result({ existing, value = "double", ...props }: ResultProps) {
  const { t } = useTranslation();
  const types = FORMULA_TYPES.includes(value) ? FORMULA_TYPES : [...FORMULA_TYPES, value];
  return (
    <Select
      {...props}
      value={value}
      disabled={existing}
      options={types.map((type) => ({ value: type, label: resultText(t, type) }))}
    />
  );
}

interface ResultProps {
  existing: boolean;
  /** Given by the form. */
  id?: string;
  value?: string;
  onChange?: (value: string) => void;
}

function Flags({ kind }: { kind: Kind }) {
  const { t } = useTranslation();
  const flags = (["required", "unique", "index"] as const).filter((flag) => kind.parts.includes(flag));
  if (flags.length === 0) return null;
  return (
    <Flex vertical gap={4} style={{ marginBottom: 16 }}>
      {flags.map((flag) => (
        <Form.Item<FieldForm> key={flag} name={flag} valuePropName="checked" noStyle>
          <Checkbox>{t(`designer.flag.${flag}`)}</Checkbox>
        </Form.Item>
      ))}
    </Flex>
  );
}

export function Parts(props: Props) {
  const { kind, existing } = props;
  const { t } = useTranslation();
  const has = (part: Kind["parts"][number]) => kind.parts.includes(part);
  return (
    <>
      {kind.group === "relation" && <Relation {...props} />}
      {has("choices") && <Choices />}
      {has("length") && (
        <Form.Item<FieldForm> name="length" label={t("designer.length")} extra={t("designer.lengthHint")}>
          <InputNumber min={1} max={65535} precision={0} style={{ width: "100%" }} />
        </Form.Item>
      )}
      {has("decimals") && (
        <Flex gap={12}>
          <Form.Item<FieldForm> name="precision" label={t("designer.precision")} style={{ flex: 1 }}>
            <InputNumber min={1} max={38} precision={0} style={{ width: "100%" }} disabled={existing} />
          </Form.Item>
          <Form.Item<FieldForm> name="scale" label={t("designer.scale")} style={{ flex: 1 }}>
            <InputNumber min={0} max={38} precision={0} style={{ width: "100%" }} disabled={existing} />
          </Form.Item>
        </Flex>
      )}
      {has("pattern") && <Pattern />}
      {has("formula") && (
        <>
          <Form.Item<FieldForm>
            name="expression"
            label={t("designer.expression")}
            extra={t("designer.expressionHint", {
              example: "{{price}} * {{quantity}}",
              interpolation: { skipOnVariables: true },
            })}
            rules={[
              { required: true, whitespace: true, message: t("designer.expressionMissing") },
              { max: 1000 },
            ]}
          >
            <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} spellCheck={false} />
          </Form.Item>
          <Form.Item<FieldForm> name="dataType" label={t("designer.dataType")}>
            <Result existing={existing} />
          </Form.Item>
        </>
      )}
      {has("defaultValue") && <Default kind={kind} />}
      <Flags kind={kind} />
    </>
  );
}
