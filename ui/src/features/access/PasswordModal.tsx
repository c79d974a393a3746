import { Form, Modal, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { useUpdatePerson } from "@/api/mutations/access";
import type { Person } from "@/api/queries/access";
import { RefusedSentences } from "@/components/RefusedSentences";
import { useOutcome } from "@/components/useOutcome";
import { useRefusals } from "@/components/useRefusals";
import { nameOf } from "@/features/access/names";
import { PasswordInput } from "@/features/access/PasswordInput";

interface Props {
  person: Person | null;
  onClose: () => void;
}

/** Sets a new password for somebody who lost theirs. */
export function PasswordModal({ person, onClose }: Props) {
  const { t } = useTranslation();
  const outcome = useOutcome(person !== null);
  const update = useUpdatePerson();
  const [form] = Form.useForm<{ password: string }>();
  const refused = useRefusals(form);
  const save = ({ password }: { password: string }) => {
    if (!person) return;
    refused.clear();
    outcome<unknown>(update.mutateAsync({ id: person.id, password }), {
      said: () => t("access.passwordSet"),
      done: onClose,
      refused: refused.show,
    });
  };
  return (
    <Modal
      open={person !== null}
      title={t("access.newPasswordFor", { name: person ? nameOf(person) : "" })}
      okText={t("common.save")}
      cancelText={t("common.cancel")}
      confirmLoading={update.isPending}
      okButtonProps={{ htmlType: "submit", form: "password-form" }}
      onCancel={onClose}
      afterClose={refused.clear}
      destroyOnHidden
    >
      <Typography.Paragraph type="secondary">{t("access.newPasswordHint")}</Typography.Paragraph>
      <Form
        id="password-form"
        form={form}
        layout="vertical"
        requiredMark={false}
        preserve={false}
        onFinish={save}
      >
        <RefusedSentences of={refused.others} />
        <Form.Item
          name="password"
          label={t("access.password")}
          rules={[{ required: true, message: t("account.required") }]}
        >
          <PasswordInput />
        </Form.Item>
      </Form>
    </Modal>
  );
}
