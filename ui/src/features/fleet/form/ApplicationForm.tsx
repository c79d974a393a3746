/** The form of an application: its name first, and everything else in sections that say their defaults while closed. */
import { Card, Collapse, Form, Typography, type FormInstance } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { AccessFields } from "@/features/fleet/form/AccessFields";
import type { Around } from "@/features/fleet/form/around";
import { DatabaseFields } from "@/features/fleet/form/DatabaseFields";
import styles from "@/features/fleet/form/form.module.css";
import { IdentityFields } from "@/features/fleet/form/IdentityFields";
import { RunningFields } from "@/features/fleet/form/RunningFields";
import { SECTIONS, sectionsOf, summaryOf, type Section } from "@/features/fleet/form/sections";
import { ShownFields } from "@/features/fleet/form/ShownFields";
import type { Values } from "@/features/fleet/form/values";

interface Props {
  form: FormInstance<Values>;
  initial: Values;
  around: Around;
  open: Section[];
  onOpen: (sections: Section[]) => void;
  onFinish: () => void;
  onChange?: (changed: Partial<Values>) => void;
  /** Hears of an id that was typed by hand. */
  onName?: () => void;
  /** Below the sections: what was found, and the buttons. */
  children: ReactNode;
}

function Header({ section, values, around }: { section: Section; values: Values; around: Around }) {
  const { t } = useTranslation();
  return (
    <div className={styles["header"]}>
      <Typography.Text strong>{t(`appForm.sections.${section}`)}</Typography.Text>
      <Typography.Text type="secondary" className={styles["summary"] ?? ""}>
        {summaryOf(t, section, values, around)}
      </Typography.Text>
    </div>
  );
}

export function ApplicationForm(props: Props) {
  const { form, initial, around, open, onOpen, onFinish, onChange, onName, children } = props;
  const watched = Form.useWatch((all: Values) => all, { form, preserve: true });
  const values = { ...initial, ...watched };
  const contents: Record<Section, ReactNode> = {
    database: <DatabaseFields around={around} />,
    running: <RunningFields around={around} />,
    access: <AccessFields around={around} before={initial} />,
    shown: <ShownFields />,
  };
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      initialValues={initial}
      requiredMark={false}
      scrollToFirstError={{ behavior: "smooth", block: "center", focus: true }}
      onFinish={onFinish}
      onFinishFailed={({ errorFields }) =>
        onOpen([...new Set([...open, ...sectionsOf(errorFields.map(({ name }) => name))])])
      }
      onValuesChange={(changed: Partial<Values>) => onChange?.(changed)}
      className={styles["body"] ?? ""}
    >
      <Card style={{ marginBottom: 16 }}>
        <IdentityFields editing={around.editing} onName={() => onName?.()} />
      </Card>
      <Collapse
        className={styles["sections"] ?? ""}
        activeKey={open}
        onChange={(keys) => onOpen(keys as Section[])}
        items={SECTIONS.map((section) => ({
          key: section,
          forceRender: true,
          label: <Header section={section} values={values} around={around} />,
          children: contents[section],
        }))}
      />
      {children}
    </Form>
  );
}
