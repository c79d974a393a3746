/** When and where it runs. */
import {
  Alert,
  Checkbox,
  Flex,
  Form,
  InputNumber,
  Radio,
  Select,
  Space,
  Switch,
  Tag,
  Typography,
} from "antd";
import { useTranslation } from "react-i18next";
import type { Environment } from "@/api/fleet";
import type { Around } from "@/features/fleet/form/around";
import styles from "@/features/fleet/form/form.module.css";
import { UNITS, type Unit } from "@/features/fleet/form/duration";
import type { Values } from "@/features/fleet/form/values";
import { boot } from "@/lib/boot";
import { number } from "@/lib/format";

const MODES = ["onFirstVisit", "withMain"] as const;
const LONGEST_S = 366 * 86_400;

function EnvironmentLine({ environment }: { environment: Environment }) {
  const { t } = useTranslation();
  const { name, state, placed, capacity } = environment;
  const room =
    capacity === null
      ? t("appForm.placed", { count: placed })
      : t("appForm.placedOf", { placed: number(placed), capacity: number(capacity) });
  return (
    <Flex gap={8} align="center" wrap>
      <span>{name}</span>
      <Tag color={state === "online" ? "success" : state === "suspect" ? "warning" : "error"}>
        {t(`appForm.environmentStates.${state}`)}
      </Tag>
      <Typography.Text type="secondary">{room}</Typography.Text>
    </Flex>
  );
}

function EnvironmentsField({ environments, editing, movable }: Around) {
  const { t } = useTranslation();
  const form = Form.useFormInstance<Values>();
  const chosen = Form.useWatch((values: Partial<Values>) => values.environments ?? [], form);
  if (boot.mode === "shared-memory") {
    return (
      <Form.Item label={t("appForm.environment")} extra={t("appForm.environmentLocal")}>
        <Tag>{environments[0]?.name ?? "local"}</Tag>
      </Form.Item>
    );
  }
  const several = environments.length !== 1;
  const isFull = ({ placed, capacity }: Environment): boolean => capacity !== null && placed >= capacity;
  return (
    <>
      <Form.Item
        name="environments"
        label={t("appForm.environments")}
        extra={editing && !movable ? t("appForm.environmentsWhileStopped") : t("appForm.environmentsHint")}
        rules={several ? [{ required: true, type: "array", message: t("appForm.environmentsMissing") }] : []}
      >
        <Checkbox.Group disabled={editing && !movable} className={styles["choices"] ?? ""}>
          {environments.map((environment) => (
            <Checkbox
              key={environment.name}
              value={environment.name}
              disabled={isFull(environment) && !chosen.includes(environment.name)}
            >
              <EnvironmentLine environment={environment} />
            </Checkbox>
          ))}
        </Checkbox.Group>
      </Form.Item>
      {chosen.length > 1 && (
        <Alert
          type="warning"
          showIcon
          title={t("appForm.environmentsSeveral")}
          className={styles["note"] ?? ""}
        />
      )}
    </>
  );
}

interface SleepProps {
  id?: string;
  value?: Values["sleep"];
  onChange?: (value: Values["sleep"]) => void;
}

function SleepInput({ id, value = { amount: null, unit: "h" }, onChange }: SleepProps) {
  const { t } = useTranslation();
  const { amount, unit } = value;
  return (
    <Space.Compact>
      <InputNumber
        {...(id === undefined ? {} : { id })}
        min={1}
        max={Math.floor(LONGEST_S / UNITS[unit])}
        precision={0}
        value={amount}
        placeholder={t("appForm.sleepNever")}
        onChange={(changed) => onChange?.({ unit, amount: changed })}
        style={{ width: 140 }}
      />
      <Select<Unit>
        aria-label={t("appForm.sleepUnit")}
        value={unit}
        onChange={(changed) => onChange?.({ amount, unit: changed })}
        options={(Object.keys(UNITS) as Unit[]).map((each) => ({
          value: each,
          label: t(`appForm.units.${each}`),
        }))}
        style={{ width: 120 }}
      />
    </Space.Compact>
  );
}

export function RunningFields({ around }: { around: Around }) {
  const { t } = useTranslation();
  return (
    <>
      <Form.Item name="startMode" label={t("appForm.startMode")}>
        <Radio.Group className={styles["choices"] ?? ""}>
          {MODES.map((mode) => (
            <Radio key={mode} value={mode}>
              {t(`appForm.startModes.${mode}`)}
              <Typography.Text type="secondary" className={styles["why"] ?? ""}>
                {t(`appForm.startModeHints.${mode}`)}
              </Typography.Text>
            </Radio>
          ))}
        </Radio.Group>
      </Form.Item>
      <EnvironmentsField {...around} />
      <Form.Item name="sleep" label={t("appForm.sleep")} extra={t("appForm.sleepHint")}>
        <SleepInput />
      </Form.Item>
      <Form.Item
        name="autoUpgrade"
        label={t("appForm.autoUpgrade")}
        extra={t("appForm.autoUpgradeHint")}
        valuePropName="checked"
      >
        <Switch />
      </Form.Item>
    </>
  );
}
