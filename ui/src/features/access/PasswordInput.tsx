import { Button, Input, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { suggestPassword } from "@/lib/password";

interface Props {
  /** Given by the form. */
  id?: string;
  value?: string;
  onChange?: (value: string) => void;
}

/** A password for somebody else: it can be seen, and one can be suggested. */
export function PasswordInput({ id, value, onChange }: Props) {
  const { t } = useTranslation();
  const [visible, setVisible] = useState(false);
  return (
    <Space.Compact block>
      <Input.Password
        {...(id ? { id } : {})}
        value={value ?? ""}
        onChange={(event) => onChange?.(event.target.value)}
        autoComplete="new-password"
        visibilityToggle={{ visible, onVisibleChange: setVisible }}
      />
      <Button
        onClick={() => {
          onChange?.(suggestPassword());
          setVisible(true);
        }}
      >
        {t("access.suggest")}
      </Button>
    </Space.Compact>
  );
}
