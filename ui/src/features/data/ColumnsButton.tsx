/** Which columns are shown, in which order, and how close the rows stand. */
import { ArrowDownOutlined, ArrowUpOutlined, TableOutlined } from "@ant-design/icons";
import { Button, Checkbox, Flex, Grid, Popover, Segmented } from "antd";
import { useTranslation } from "react-i18next";
import type { Field } from "@/api/metadata";
import { FIRST_VIEW, shownAtFirst, type Density, type View } from "@/features/data/columns";
import { titleOf } from "@/schema/titles";
import styles from "@/features/data/Data.module.css";

interface Props {
  fields: readonly Field[];
  view: View;
  onView: (view: View) => void;
}

const DENSITIES: readonly Density[] = ["small", "middle", "large"];

export function ColumnsButton({ fields, view, onView }: Props) {
  const { t } = useTranslation();
  const wide = Grid.useBreakpoint().md ?? true;
  return (
    <Popover
      trigger="click"
      placement="bottomLeft"
      arrow={false}
      title={t("data.columns")}
      content={<Choices {...{ fields, view, onView }} />}
    >
      <Button icon={<TableOutlined />} {...(wide ? {} : { "aria-label": t("data.columns") })}>
        {wide ? t("data.columns") : null}
      </Button>
    </Popover>
  );
}

function Choices({ fields, view, onView }: Props) {
  const { t } = useTranslation();
  const shown = (view.shown ?? shownAtFirst(fields)).filter((name) => fields.some((f) => f.name === name));
  const others = fields.map(({ name }) => name).filter((name) => !shown.includes(name));
  const put = (names: string[]) => onView({ ...view, shown: names });
  const toggle = (name: string) =>
    put(shown.includes(name) ? shown.filter((other) => other !== name) : [...shown, name]);
  const move = (name: string, by: -1 | 1) => {
    const from = shown.indexOf(name);
    const rest = shown.filter((other) => other !== name);
    put([...rest.slice(0, from + by), name, ...rest.slice(from + by)]);
  };
  return (
    <>
      <ul className={styles["choices"]}>
        {[...shown, ...others].map((name) => {
          const field = fields.find((other) => other.name === name);
          if (!field) return null;
          const title = titleOf(t, field);
          const at = shown.indexOf(name);
          return (
            <li key={name}>
              <Checkbox
                checked={at >= 0}
                disabled={at >= 0 && shown.length === 1}
                onChange={() => toggle(name)}
                style={{ flex: 1, padding: "4px 6px" }}
              >
                {title}
              </Checkbox>
              {at >= 0 && (
                <>
                  <Button
                    type="text"
                    size="small"
                    icon={<ArrowUpOutlined />}
                    disabled={at === 0}
                    aria-label={t("data.moveUp", { title })}
                    onClick={() => move(name, -1)}
                  />
                  <Button
                    type="text"
                    size="small"
                    icon={<ArrowDownOutlined />}
                    disabled={at === shown.length - 1}
                    aria-label={t("data.moveDown", { title })}
                    onClick={() => move(name, 1)}
                  />
                </>
              )}
            </li>
          );
        })}
      </ul>
      <Flex vertical gap={8}>
        <Segmented<Density>
          block
          aria-label={t("data.density")}
          value={view.density}
          onChange={(density) => onView({ ...view, density })}
          options={DENSITIES.map((value) => ({ value, label: t(`data.densities.${value}`) }))}
        />
        <Button type="link" size="small" onClick={() => onView(FIRST_VIEW)}>
          {t("data.resetColumns")}
        </Button>
      </Flex>
    </>
  );
}
