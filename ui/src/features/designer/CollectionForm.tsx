import { Checkbox, Flex, Form, Input, Modal, Radio, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "@tanstack/react-router";
import { useCreateCollection, useUpdateCollection } from "@/api/mutations/collections";
import { collectionTitle, type Collection } from "@/api/metadata";
import { RefusedSentences } from "@/components/RefusedSentences";
import { useOutcome } from "@/components/useOutcome";
import { NAME, nameFrom } from "@/features/designer/names";
import { useModelRefusals } from "@/features/designer/useModelRefusals";

interface Values {
  title: string;
  name: string;
  description?: string;
  template: "general" | "tree";
  createdAt: boolean;
  updatedAt: boolean;
  createdBy: boolean;
  updatedBy: boolean;
  sortable: boolean;
}

/** Fields that a collection gets by ticking a box. */
const EXTRAS = ["createdAt", "updatedAt", "createdBy", "updatedBy", "sortable"] as const;

interface Props {
  /** The one to change; a new one where it is left out. */
  collection?: Collection;
  onClose: () => void;
}

export function CollectionForm({ collection, onClose }: Props) {
  const { t } = useTranslation();
  const outcome = useOutcome();
  const navigate = useNavigate();
  const [form] = Form.useForm<Values>();
  const refused = useModelRefusals(form, {
    title: t("designer.collectionTitle"),
    name: t("designer.identifier"),
    description: t("common.description"),
    template: t("designer.template"),
  });
  const create = useCreateCollection();
  const update = useUpdateCollection();
  const has = (name: string) => collection?.fields.some((field) => field.name === name) ?? false;
  const initial: Partial<Values> = collection
    ? {
        title: collectionTitle(collection),
        name: collection.name,
        description: collection.description ?? "",
        createdAt: has("createdAt"),
        updatedAt: has("updatedAt"),
        createdBy: has("createdBy"),
        updatedBy: has("updatedBy"),
        sortable: collection.fields.some((field) => field.type === "sort"),
      }
    : {
        template: "general",
        createdAt: true,
        updatedAt: true,
        createdBy: true,
        updatedBy: false,
        sortable: false,
      };

  const finish = (values: Values) => {
    refused.clear();
    const told = (error: unknown) => refused.show(error, collection?.name ?? values.name);
    if (collection) {
      const body = { ...values, description: values.description ?? null };
      outcome<unknown>(update.mutateAsync({ name: collection.name, body }), {
        said: () => t("common.saved"),
        done: onClose,
        refused: told,
      });
      return;
    }
    const { name, ...rest } = values;
    outcome(create.mutateAsync({ ...rest, ...(name ? { name } : {}) }), {
      done: (made) => {
        onClose();
        void navigate({ to: "/settings/collections/$name", params: { name: made.name } });
      },
      refused: told,
    });
  };
  /** The name follows the title until somebody writes one. */
  const follow = (changed: Partial<Values>) => {
    if (collection || changed.title === undefined || form.isFieldTouched("name")) return;
    form.setFieldValue("name", nameFrom(changed.title));
  };
  return (
    <Modal
      open
      title={collection ? t("designer.editCollection") : t("designer.newCollection")}
      okText={collection ? t("common.save") : t("common.create")}
      cancelText={t("common.cancel")}
      confirmLoading={create.isPending || update.isPending}
      okButtonProps={{ htmlType: "submit", form: "collection-form" }}
      onCancel={onClose}
    >
      <Form<Values>
        id="collection-form"
        form={form}
        layout="vertical"
        initialValues={initial}
        onFinish={finish}
        onValuesChange={follow}
        requiredMark={false}
      >
        <RefusedSentences of={refused.others} />
        <Form.Item
          name="title"
          label={t("designer.collectionTitle")}
          rules={[{ required: true, whitespace: true, message: t("designer.titleMissing") }, { max: 255 }]}
        >
          <Input placeholder={t("designer.collectionExample")} />
        </Form.Item>
        <Form.Item
          name="name"
          label={t("designer.identifier")}
          extra={collection ? t("designer.identifierFixed") : t("designer.identifierHint")}
          rules={[{ pattern: NAME, message: t("designer.identifierWrong") }, { max: 50 }]}
        >
          <Input disabled={collection !== undefined} spellCheck={false} autoComplete="off" />
        </Form.Item>
        <Form.Item name="description" label={t("common.description")}>
          <Input.TextArea autoSize={{ minRows: 1, maxRows: 4 }} maxLength={1000} />
        </Form.Item>
        {!collection && (
          <Form.Item name="template" label={t("designer.template")}>
            <Radio.Group>
              <Flex vertical gap={4}>
                <Radio value="general">{t("designer.general")}</Radio>
                <Radio value="tree">{t("designer.treeHint")}</Radio>
              </Flex>
            </Radio.Group>
          </Form.Item>
        )}
        <Typography.Text strong>{t("designer.extras")}</Typography.Text>
        <Flex vertical style={{ marginTop: 8 }}>
          {EXTRAS.map((extra) => (
            <Form.Item key={extra} name={extra} valuePropName="checked" noStyle>
              <Checkbox>{t(`designer.extra.${extra}`)}</Checkbox>
            </Form.Item>
          ))}
        </Flex>
        {collection && <Typography.Text type="secondary">{t("designer.extrasDrop")}</Typography.Text>}
      </Form>
    </Modal>
  );
}
