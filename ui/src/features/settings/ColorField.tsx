import { CheckOutlined } from "@ant-design/icons";
import { Button, ColorPicker, Flex, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { COLORS, contrast, DEFAULT_COLOR, ENOUGH } from "@/lib/color";

/** Those of marks, and two that none of them has. */
const PRESETS = [...COLORS, "#2563eb", "#475569"];

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
