/** The form of a field: what it is called, of which kind it is, and what that kind can be told. */
import { Alert, Drawer, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useCreateField, useUpdateField } from "@/api/mutations/collections";
import { fieldTitle, type Collection, type Field } from "@/api/metadata";
import { FormFooter } from "@/components/FormFooter";
import { RefusedSentences } from "@/components/RefusedSentences";
import { useOutcome } from "@/components/useOutcome";
import { toBody, toChange, toForm, type FieldForm } from "@/features/designer/fieldBody";
import { changesTo, kindTitle, OFFERED } from "@/features/designer/kinds";
import { NAME, nameFrom } from "@/features/designer/names";
import { Parts } from "@/features/designer/Parts";
import { useModelRefusals } from "@/features/designer/useModelRefusals";
import { GROUPS, kindNamed, kindOf, type Kind } from "@/schema/registry";

interface Props {
  collection: Collection;
  /** The one to change; a new one where it is left out. */
  field?: Field;
  all: readonly Collection[];
  onClose: () => void;
}

function useKindOptions(kinds: readonly Kind[]) {
  const { t } = useTranslation();
  const option = (kind: Kind) => ({ value: kind.interface, label: t(kindTitle(kind)) });
  const groups = GROUPS.map((group) => ({
    label: t(`designer.group.${group}`),
    options: kinds.filter((kind) => kind.group === group).map(option),
  })).filter(({ options }) => options.length > 0);
  return [...kinds.filter(({ group }) => group === undefined).map(option), ...groups];
}

/** What the settings of a field are called here. Those that are ticked have no place for a sentence of their own. */
function useLabels() {
  const { t } = useTranslation();
  return {
    title: t("designer.fieldTitle"),
    name: t("designer.identifier"),
    interface: t("designer.kindTitle"),
    description: t("common.description"),
    target: t("designer.target"),
    reverseTitle: t("designer.reverseTitle"),
    onDelete: t("designer.onDelete"),
    through: t("designer.through"),
    foreignKey: t("designer.foreignKeyName"),
    otherKey: t("designer.otherKeyName"),
    length: t("designer.length"),
    precision: t("designer.precision"),
    scale: t("designer.scale"),
    expression: t("designer.expression"),
    dataType: t("designer.dataType"),
    defaultValue: t("designer.defaultValue"),
  };
}

export function FieldDrawer({ collection, field, all, onClose }: Props) {
  const { t } = useTranslation();
  const [form] = Form.useForm<FieldForm>();
  const refused = useModelRefusals(form, useLabels());
  const outcome = useOutcome();
  const create = useCreateField(collection.name);
  const update = useUpdateField(collection.name);
  const known = field && kindOf(field);
  const kinds = field && known ? changesTo(known, field.type) : OFFERED;
  const options = useKindOptions(kinds.length > 0 || !known ? kinds : [known]);
  const chosen = Form.useWatch("interface", form) as string | undefined;
  const kind = kindNamed(chosen ?? known?.interface ?? "input");
  const converted =
    field !== undefined && kind !== undefined && kind.type !== field.type && !(known?.type === kind.type);
  const initial: Partial<FieldForm> = field
    ? toForm(field, fieldTitle(field))
    : {
        interface: "input",
        dataType: "double",
        onDelete: "SET NULL",
        patterns: [{ type: "integer", options: { digits: 4 } }],
      };

  const finish = (values: FieldForm) => {
    refused.clear();
    const about = `${collection.name}.${field?.name ?? values.name}`;
    const asked = field
      ? update.mutateAsync({ name: field.name, body: toChange(values, field) })
      : create.mutateAsync(toBody(values));
    outcome<unknown>(asked, { done: onClose, refused: (error) => refused.show(error, about) });
  };
  const follow = (changed: Partial<FieldForm>) => {
    if (!field && changed.title !== undefined && !form.isFieldTouched("name")) {
      form.setFieldValue("name", nameFrom(changed.title));
    }
  };
  const busy = create.isPending || update.isPending;
  return (
    <Drawer
      open
      size={520}
      title={field ? t("designer.editField", { name: fieldTitle(field) }) : t("designer.addField")}
      onClose={onClose}
      footer={
        <FormFooter
          form="field-form"
          label={field ? t("common.save") : t("designer.addField")}
          busy={busy}
          onClose={onClose}
        />
      }
    >
      <Form<FieldForm>
        id="field-form"
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={initial}
        onFinish={finish}
        onValuesChange={follow}
      >
        <RefusedSentences of={refused.others} />
        <Form.Item
          name="title"
          label={t("designer.fieldTitle")}
          rules={[{ required: true, whitespace: true, message: t("designer.titleMissing") }, { max: 255 }]}
        >
          <Input />
        </Form.Item>
        <Form.Item
          name="name"
          label={t("designer.identifier")}
          extra={field ? t("designer.identifierFixed") : t("designer.identifierHint")}
          rules={[{ pattern: NAME, message: t("designer.identifierWrong") }, { max: 50 }]}
        >
          <Input disabled={field !== undefined} spellCheck={false} autoComplete="off" />
        </Form.Item>
        <Form.Item name="interface" label={t("designer.kindTitle")}>
          <Select
            options={options}
            showSearch={{ optionFilterProp: "label" }}
            disabled={field !== undefined && kinds.length < 2}
          />
        </Form.Item>
        {converted && (
          <Alert type="info" showIcon title={t("designer.converts")} style={{ marginBottom: 16 }} />
        )}
        {kind && <Parts kind={kind} collection={collection} all={all} existing={field !== undefined} />}
        <Form.Item name="description" label={t("common.description")}>
          <Input.TextArea autoSize={{ minRows: 1, maxRows: 4 }} maxLength={1000} />
        </Form.Item>
      </Form>
    </Drawer>
  );
}
