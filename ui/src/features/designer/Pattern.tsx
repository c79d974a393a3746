import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Card, Flex, Form, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";

const CYCLES = ["day", "week", "month", "year"] as const;

function PartForm({ at }: { at: number }) {
  const { t } = useTranslation();
  const type = Form.useWatch<string | undefined>(["patterns", at, "type"]);
  if (type === "string") {
    return (
      <Form.Item
        name={[at, "options", "value"]}
        label={t("designer.partText")}
        rules={[{ required: true, message: t("designer.partTextMissing") }]}
      >
        <Input />
      </Form.Item>
    );
  }
  if (type === "date") {
    return (
      <Form.Item name={[at, "options", "format"]} label={t("designer.partFormat")}>
        <Input placeholder="YYYYMMDD" spellCheck={false} />
      </Form.Item>
    );
  }
  return (
    <Flex gap={8} wrap>
      <Form.Item name={[at, "options", "digits"]} label={t("designer.partDigits")}>
        <InputNumber min={1} max={18} precision={0} />
      </Form.Item>
      <Form.Item name={[at, "options", "start"]} label={t("designer.partStart")}>
        <InputNumber min={0} precision={0} />
      </Form.Item>
      <Form.Item
        name={[at, "options", "cycle"]}
        label={t("designer.partCycle")}
        style={{ flex: "1 1 140px" }}
      >
        <Select
          allowClear
          placeholder={t("designer.cycle.never")}
          options={CYCLES.map((value) => ({ value, label: t(`designer.cycle.${value}`) }))}
        />
      </Form.Item>
    </Flex>
  );
}

/** The parts of which a sequence puts its numbers together. */
export function Pattern() {
  const { t } = useTranslation();
  const types = (["string", "date", "integer"] as const).map((value) => ({
    value,
    label: t(`designer.part.${value}`),
  }));
  return (
    <Form.Item label={t("designer.patterns")}>
      <Form.List name="patterns">
        {(rows, { add, remove }) => (
          <Flex vertical gap={8}>
            {rows.map(({ key, name }) => (
              <Card key={key} size="small">
                <Flex gap={8} style={{ marginBottom: 12 }}>
                  <Form.Item name={[name, "type"]} noStyle>
                    <Select options={types} aria-label={t("designer.patterns")} style={{ flex: 1 }} />
                  </Form.Item>
                  <Button
                    type="text"
                    danger
                    icon={<DeleteOutlined />}
                    aria-label={t("designer.partRemove")}
                    disabled={rows.length === 1}
                    onClick={() => remove(name)}
                  />
                </Flex>
                <PartForm at={name} />
              </Card>
            ))}
            <Button icon={<PlusOutlined />} onClick={() => add({ type: "string", options: {} })}>
              {t("designer.partAdd")}
            </Button>
          </Flex>
        )}
      </Form.List>
    </Form.Item>
  );
}
