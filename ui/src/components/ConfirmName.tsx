/** Asks for the name to be typed before something is done that can not easily be undone. */
import { Form, Input, Modal, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  open: boolean;
  /** What has to be typed. */
  name: string;
  title: string;
  /** What will happen. */
  children: ReactNode;
  /** The words on the button. */
  action: string;
  busy?: boolean;
  onConfirm: () => void;
  onCancel: () => void;
}

export function ConfirmName({
  open,
  name,
  title,
  children,
  action,
  busy = false,
  onConfirm,
  onCancel,
}: Props) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const right = typed.trim() === name;
  return (
    <Modal
      open={open}
      title={title}
      okText={action}
      okButtonProps={{ danger: true, disabled: !right, loading: busy }}
      cancelText={t("common.cancel")}
      onOk={onConfirm}
      onCancel={onCancel}
      afterClose={() => setTyped("")}
      destroyOnHidden
    >
      <Typography.Paragraph>{children}</Typography.Paragraph>
      <Form layout="vertical" onFinish={() => right && !busy && onConfirm()}>
        <Form.Item label={t("common.confirmName", { name })} htmlFor="confirm-name">
          <Input
            id="confirm-name"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
            spellCheck={false}
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}
