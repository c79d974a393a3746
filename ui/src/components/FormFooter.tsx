/** Beneath a form in a drawer: leave it, or send it. */
import { Button, Flex } from "antd";
import { useTranslation } from "react-i18next";

interface Props {
  /** Id of the form. */
  form: string;
  /** What sending it does. */
  label: string;
  busy: boolean;
  onClose: () => void;
}

export function FormFooter({ form, label, busy, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Flex justify="flex-end" gap={8}>
      <Button onClick={onClose}>{t("common.cancel")}</Button>
      <Button type="primary" loading={busy} htmlType="submit" form={form}>
        {label}
      </Button>
    </Flex>
  );
}
