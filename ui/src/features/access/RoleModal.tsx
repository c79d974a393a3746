/** Makes a role, or changes what it is called. */
import { Form, Input, Modal } from "antd";
import { useTranslation } from "react-i18next";
import { useCreateRole, useUpdateRole } from "@/api/mutations/access";
import type { Role } from "@/api/queries/access";
import { RefusedSentences } from "@/components/RefusedSentences";
import { useOutcome } from "@/components/useOutcome";
import { useRefusals } from "@/components/useRefusals";

interface Given {
  title: string;
  name?: string;
  description?: string;
}

interface Props {
  open: boolean;
  /** Which is changed; none: a new one is made. */
  edited: Role | null;
  onClose: () => void;
  onMade?: (name: string) => void;
}

export function RoleModal({ open, edited: role, onClose, onMade }: Props) {
  const { t } = useTranslation();
  const outcome = useOutcome(open);
  const create = useCreateRole();
  const update = useUpdateRole();
  const [form] = Form.useForm<Given>();
  const refused = useRefusals(form);
  const save = ({ title, name, description }: Given) => {
    refused.clear();
    const body = { title: title.trim(), description: description?.trim() || null };
    const told = { said: () => t("common.saved"), refused: refused.show };
    if (role) {
      outcome<unknown>(update.mutateAsync({ ...body, name: role.name }), { ...told, done: onClose });
    } else {
      outcome(create.mutateAsync({ ...body, ...(name ? { name } : {}) }), {
        ...told,
        done: (made) => {
          onClose();
          onMade?.(made.name);
        },
      });
    }
  };
  return (
    <Modal
      open={open}
      title={role ? t("access.editRole") : t("access.addRole")}
      okText={role ? t("common.save") : t("common.create")}
      cancelText={t("common.cancel")}
      confirmLoading={create.isPending || update.isPending}
      okButtonProps={{ htmlType: "submit", form: "role-form" }}
      onCancel={onClose}
      afterClose={refused.clear}
      destroyOnHidden
    >
      <Form<Given>
        id="role-form"
        form={form}
        layout="vertical"
        requiredMark={false}
        preserve={false}
        initialValues={role ?? {}}
        onFinish={save}
      >
        <RefusedSentences of={refused.others} />
        <Form.Item
          name="title"
          label={t("access.roleTitle")}
          rules={[{ required: true, whitespace: true, message: t("account.required") }, { max: 255 }]}
        >
          <Input autoComplete="off" />
        </Form.Item>
        {!role && (
          <Form.Item
            name="name"
            label={t("access.roleName")}
            extra={t("access.roleNameHint")}
            rules={[{ pattern: /^[A-Za-z][\w-]{0,49}$/, message: t("access.roleNameWrong") }]}
          >
            <Input autoComplete="off" autoCapitalize="none" spellCheck={false} />
          </Form.Item>
        )}
        <Form.Item name="description" label={t("common.description")} rules={[{ max: 1000 }]}>
          <Input.TextArea autoSize={{ minRows: 2, maxRows: 6 }} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
