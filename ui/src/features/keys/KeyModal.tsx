/** Makes a key; then shows it, this once. */
import { Alert, Button, Flex, Form, Input, Modal, Select, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useCreateApiKey, type ApiKeyGiven } from "@/api/mutations/administration";
import { session } from "@/api/queries/session";
import { FormFooter } from "@/components/FormFooter";
import { RefusedSentences } from "@/components/RefusedSentences";
import { useRefusals } from "@/components/useRefusals";

const DAYS = [7, 30, 90, 365];

export function KeyModal({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const create = useCreateApiKey();
  const { data: user } = useSuspenseQuery(session.user());
  const { data: rights } = useSuspenseQuery(session.rights());
  const [token, setToken] = useState<string | null>(null);
  const [form] = Form.useForm<ApiKeyGiven>();
  const refused = useRefusals(form);
  const save = (given: ApiKeyGiven) => {
    refused.clear();
    create.mutate(given, { onSuccess: (made) => setToken(made.token), onError: refused.show });
  };
  return (
    <Modal
      open={open}
      title={t(token ? "keys.made" : "keys.add")}
      onCancel={onClose}
      afterClose={() => setToken(null)}
      destroyOnHidden
      mask={{ closable: token === null }}
      footer={
        token ? (
          <Button type="primary" onClick={onClose}>
            {t("keys.kept")}
          </Button>
        ) : (
          <FormFooter form="key-form" label={t("common.create")} busy={create.isPending} onClose={onClose} />
        )
      }
    >
      {token ? (
        <Flex vertical gap={12}>
          <Alert type="warning" showIcon title={t("keys.once")} />
          <Typography.Paragraph
            code
            copyable={{ text: token, tooltips: [t("common.copy"), t("common.copied")] }}
            style={{ overflowWrap: "anywhere", margin: 0 }}
          >
            {token}
          </Typography.Paragraph>
        </Flex>
      ) : (
        <Form<ApiKeyGiven>
          id="key-form"
          form={form}
          layout="vertical"
          requiredMark={false}
          preserve={false}
          initialValues={{
            role: user.roles.some(({ name }) => name === rights.role) ? rights.role : user.roles[0]?.name,
            expiresIn: "30d",
          }}
          onFinish={save}
        >
          <RefusedSentences of={refused.others} />
          <Form.Item
            name="name"
            label={t("common.name")}
            rules={[{ required: true, whitespace: true, message: t("account.required") }, { max: 255 }]}
          >
            <Input autoComplete="off" placeholder={t("keys.example")} />
          </Form.Item>
          <Form.Item name="role" label={t("keys.role")} extra={t("keys.roleHint")}>
            <Select options={user.roles.map(({ name, title }) => ({ value: name, label: title ?? name }))} />
          </Form.Item>
          <Form.Item name="expiresIn" label={t("keys.expires")}>
            <Select
              options={[
                ...DAYS.map((count) => ({ value: `${count}d`, label: t("keys.days", { count }) })),
                { value: "never", label: t("keys.never") },
              ]}
            />
          </Form.Item>
        </Form>
      )}
    </Modal>
  );
}
