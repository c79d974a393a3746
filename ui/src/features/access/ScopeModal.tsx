/** Makes a named filter that permissions are limited to: all of some simple conditions. */
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { AutoComplete, Button, Flex, Form, Input, Modal, Select, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { useCreateScope } from "@/api/mutations/access";
import type { Collection } from "@/api/metadata";
import { RefusedSentences } from "@/components/RefusedSentences";
import { useOutcome } from "@/components/useOutcome";
import { useRefusals } from "@/components/useRefusals";
import { filterOf, OPERATORS, takesValue, type Condition } from "@/features/access/filters";
import { titleOf } from "@/schema/titles";

interface Given {
  name: string;
  conditions: Condition[];
}

interface Props {
  open: boolean;
  collection: Collection;
  onClose: () => void;
  /** With the number of the new one. */
  onMade: (scope: number) => void;
}

const OPERATOR_TEXTS = {
  $eq: "access.operator.is",
  $ne: "access.operator.isNot",
  $gt: "access.operator.more",
  $lt: "access.operator.less",
  $includes: "access.operator.includes",
  $empty: "access.operator.empty",
  $notEmpty: "access.operator.notEmpty",
} as const;

export function ScopeModal({ open, collection, onClose, onMade }: Props) {
  const { t } = useTranslation();
  const outcome = useOutcome(open);
  const create = useCreateScope();
  const [form] = Form.useForm<Given>();
  const refused = useRefusals(form);
  const plain = collection.fields.filter(
    ({ target, hidden, type }) => !target && !hidden && type !== "password",
  );
  const save = ({ name, conditions }: Given) => {
    refused.clear();
    const scope = filterOf(conditions, collection.fields);
    outcome(create.mutateAsync({ name: name.trim(), resourceName: collection.name, scope }), {
      done: (made) => {
        onMade(made.id);
        onClose();
      },
      refused: refused.show,
    });
  };
  const variables = [
    { value: "{{ $user.id }}", label: t("access.variable.user") },
    { value: "{{ $user.username }}", label: t("access.variable.username") },
    { value: "{{ $user.email }}", label: t("access.variable.email") },
    { value: "{{ $nDate.today }}", label: t("access.variable.today") },
  ];
  const required = [{ required: true, message: t("account.required") }];
  return (
    <Modal
      open={open}
      title={t("access.newScope")}
      okText={t("common.create")}
      cancelText={t("common.cancel")}
      confirmLoading={create.isPending}
      okButtonProps={{ htmlType: "submit", form: "scope-form" }}
      onCancel={onClose}
      afterClose={refused.clear}
      destroyOnHidden
    >
      <Typography.Paragraph type="secondary">{t("access.scopeHint")}</Typography.Paragraph>
      <Form<Given>
        id="scope-form"
        form={form}
        layout="vertical"
        requiredMark={false}
        preserve={false}
        initialValues={{ conditions: [{ operator: "$eq" }] }}
        onFinish={save}
      >
        <RefusedSentences of={refused.others} />
        <Form.Item
          name="name"
          label={t("common.name")}
          rules={[{ ...required[0], whitespace: true }, { max: 255 }]}
        >
          <Input autoComplete="off" placeholder={t("access.scopeExample")} />
        </Form.Item>
        <Form.List name="conditions">
          {(rows, { add, remove }) => (
            <Flex vertical gap={8}>
              {rows.map(({ key, name }) => (
                <Flex key={key} gap={8} align="flex-start" wrap>
                  <Form.Item name={[name, "field"]} rules={required} style={{ flex: "1 1 120px", margin: 0 }}>
                    <Select
                      aria-label={t("access.field")}
                      placeholder={t("access.field")}
                      showSearch={{ optionFilterProp: "label" }}
                      options={plain.map((field) => ({ value: field.name, label: titleOf(t, field) }))}
                    />
                  </Form.Item>
                  <Form.Item name={[name, "operator"]} style={{ flex: "0 1 130px", margin: 0 }}>
                    <Select
                      aria-label={t("access.condition")}
                      options={OPERATORS.map((value) => ({ value, label: t(OPERATOR_TEXTS[value]) }))}
                    />
                  </Form.Item>
                  <Form.Item noStyle dependencies={[["conditions", name, "operator"]]}>
                    {() =>
                      takesValue(
                        (form.getFieldValue(["conditions", name, "operator"]) as
                          Condition["operator"] | undefined) ?? "$eq",
                      ) && (
                        <Form.Item
                          name={[name, "value"]}
                          rules={required}
                          style={{ flex: "1 1 120px", margin: 0 }}
                        >
                          <AutoComplete
                            aria-label={t("access.value")}
                            placeholder={t("access.value")}
                            options={variables}
                          />
                        </Form.Item>
                      )
                    }
                  </Form.Item>
                  <Button
                    type="text"
                    icon={<DeleteOutlined />}
                    aria-label={t("access.removeCondition")}
                    disabled={rows.length === 1}
                    onClick={() => remove(name)}
                  />
                </Flex>
              ))}
              <Button type="dashed" icon={<PlusOutlined />} onClick={() => add({ operator: "$eq" })}>
                {t("access.addCondition")}
              </Button>
            </Flex>
          )}
        </Form.List>
      </Form>
    </Modal>
  );
}
