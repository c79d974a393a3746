/** Where people see it. */
import { Form, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";

const SWITCHES = ["pinned", "inLauncher", "inSwitcher"] as const;

export function ShownFields() {
  const { t } = useTranslation();
  return (
    <>
      <Form.Item
        name="labels"
        label={t("appForm.labels")}
        extra={t("appForm.labelsHint")}
        rules={[{ type: "array", max: 50, message: t("appForm.labelsMany") }]}
      >
        <Select mode="tags" tokenSeparators={[","]} open={false} suffix={null} />
      </Form.Item>
      {SWITCHES.map((name) => (
        <Form.Item
          key={name}
          name={name}
          label={t(`appForm.${name}`)}
          extra={t(`appForm.${name}Hint`)}
          valuePropName="checked"
        >
          <Switch />
        </Form.Item>
      ))}
    </>
  );
}
