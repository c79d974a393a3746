import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Flex, Form, Input, Select, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

/** Colours by antd's names, which hold in both themes. */
const COLORS = [
  "default",
  "red",
  "orange",
  "gold",
  "green",
  "cyan",
  "blue",
  "geekblue",
  "purple",
  "magenta",
] as const;

/** The choices of a field: label, value that is stored, colour; in their order. An added one is typed into at once. */
export function Choices() {
  const { t } = useTranslation();
  const [adding, setAdding] = useState(false);
  const colors = COLORS.map((value) => ({
    value,
    label: <Tag color={value}>{t(`designer.color.${value}`)}</Tag>,
  }));
  return (
    <Form.Item label={t("designer.choices")} required>
      <Form.List
        name="choices"
        rules={[
          {
            validator: (_, given: unknown[] | undefined) =>
              given && given.length > 0
                ? Promise.resolve()
                : Promise.reject(new Error(t("designer.choicesMissing"))),
          },
        ]}
      >
        {(rows, { add, remove, move }, { errors }) => (
          <Flex vertical gap={8}>
            {rows.map(({ key, name }, index) => (
              <Flex key={key} gap={4} wrap>
                <Form.Item
                  name={[name, "label"]}
                  noStyle
                  rules={[{ required: true, whitespace: true, message: t("designer.choiceMissing") }]}
                >
                  <Input
                    {...(adding ? { autoFocus: true } : {})}
                    placeholder={t("designer.choiceLabel")}
                    aria-label={t("designer.choiceLabel")}
                    style={{ flex: "2 1 110px", width: 0 }}
                  />
                </Form.Item>
                <Form.Item name={[name, "value"]} noStyle>
                  <Input
                    placeholder={t("designer.choiceValue")}
                    aria-label={t("designer.choiceValue")}
                    style={{ flex: "2 1 90px", width: 0 }}
                  />
                </Form.Item>
                <Form.Item name={[name, "color"]} noStyle>
                  <Select options={colors} aria-label={t("designer.choiceColor")} style={{ width: 108 }} />
                </Form.Item>
                <Button
                  type="text"
                  icon={<ArrowUpOutlined />}
                  disabled={index === 0}
                  aria-label={t("designer.choiceUp")}
                  onClick={() => move(index, index - 1)}
                />
                <Button
                  type="text"
                  icon={<ArrowDownOutlined />}
                  disabled={index === rows.length - 1}
                  aria-label={t("designer.choiceDown")}
                  onClick={() => move(index, index + 1)}
                />
                <Button
                  type="text"
                  danger
                  icon={<DeleteOutlined />}
                  aria-label={t("designer.choiceRemove")}
                  onClick={() => remove(name)}
                />
              </Flex>
            ))}
            <Button
              icon={<PlusOutlined />}
              onClick={() => {
                setAdding(true);
                add({ color: "default" });
              }}
            >
              {t("designer.choiceAdd")}
            </Button>
            <Form.ErrorList errors={errors} />
          </Flex>
        )}
      </Form.List>
    </Form.Item>
  );
}
