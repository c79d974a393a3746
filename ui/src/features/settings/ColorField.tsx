import { CheckOutlined } from "@ant-design/icons";
import { Button, ColorPicker, Flex, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { DEFAULT_COLOR } from "@/components/appearance";
import { contrast, ENOUGH } from "@/lib/color";

/** White letters can be read on each of them. */
const PRESETS = [
  DEFAULT_COLOR,
  "#2563eb",
  "#0369a1",
  "#0f766e",
  "#15803d",
  "#a16207",
  "#c2410c",
  "#be123c",
  "#a21caf",
  "#475569",
];

interface Props {
  value?: string | null;
  onChange?: (color: string | null) => void;
}

/** The colour of the application: one of some, or any. */
export function ColorField({ value, onChange }: Props) {
  const { t } = useTranslation();
  const color = value ?? DEFAULT_COLOR;
  return (
    <Flex vertical gap={8}>
      <Flex gap={8} wrap align="center" role="group" aria-label={t("system.color")}>
        {PRESETS.map((preset) => (
          <Button
            key={preset}
            shape="circle"
            aria-label={preset}
            aria-pressed={preset === color}
            style={{ backgroundColor: preset, borderColor: preset, color: "#fff" }}
            icon={preset === color ? <CheckOutlined /> : null}
            onClick={() => onChange?.(preset)}
          />
        ))}
        <ColorPicker
          value={color}
          disabledAlpha
          showText
          aria-label={t("system.otherColor")}
          onChangeComplete={(chosen) => onChange?.(chosen.toHexString().slice(0, 7))}
        />
      </Flex>
      {contrast(color, "#ffffff") < ENOUGH && (
        <Typography.Text type="warning" role="status">
          {t("system.lowContrast")}
        </Typography.Text>
      )}
    </Flex>
  );
}
