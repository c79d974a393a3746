/** The settings of one plugin: a form made of what they are. */
import { Button, Drawer, Flex, Form, Input, InputNumber, Switch, Typography, type FormInstance } from "antd";
import type { ParseKeys } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { useUpdatePlugin } from "@/api/mutations/administration";
import { plugins, type Plugin, type PluginSettings } from "@/api/queries/administration";
import { RefusedSentences } from "@/components/RefusedSentences";
import { Shown } from "@/components/states";
import { useOutcome } from "@/components/useOutcome";
import { useRefusals } from "@/components/useRefusals";
import { readable, titleOf } from "@/features/plugins/names";
import { changedOf, isJson, kindOf, shownOf, type Kind } from "@/features/plugins/settings";

interface Props {
  plugin: Plugin;
  labels: Record<string, ParseKeys>;
  onClose: () => void;
}

function control(kind: Kind) {
  if (kind === "boolean") return <Switch />;
  if (kind === "number") return <InputNumber style={{ width: "100%" }} />;
  if (kind === "text") return <Input autoComplete="off" />;
  return <Input.TextArea autoSize={{ minRows: 2 }} spellCheck={false} />;
}

interface SettingsProps extends Pick<Props, "labels"> {
  form: FormInstance<PluginSettings>;
  settings: PluginSettings;
  refused: readonly string[];
  onSave: (begun: PluginSettings, given: PluginSettings) => void;
}

function Settings({ form, labels, settings, refused, onSave }: SettingsProps) {
  const { t } = useTranslation();
  // What others change meanwhile is none of this person's changes: it is not sent back as it was.
  const [begun] = useState(settings);
  const json = {
    validator: (_: unknown, text: string | undefined) =>
      isJson(text) ? Promise.resolve() : Promise.reject(new Error(t("plugins.noJson"))),
  };
  return (
    <Form<PluginSettings>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={shownOf(begun)}
      onFinish={(given) => onSave(begun, given)}
    >
      <RefusedSentences of={refused} />
      {Object.entries(begun).map(([name, value]) => {
        const kind = kindOf(value);
        const text = labels[name];
        return (
          <Form.Item
            key={name}
            name={name}
            label={text ? t(text) : readable(name)}
            rules={kind === "json" ? [json] : []}
            validateTrigger="onSubmit"
            {...(kind === "boolean" ? { valuePropName: "checked" } : {})}
          >
            {control(kind)}
          </Form.Item>
        );
      })}
    </Form>
  );
}

export function PluginDrawer({ plugin, labels, onClose }: Props) {
  const { t } = useTranslation();
  const outcome = useOutcome();
  const found = useQuery(plugins.settings(plugin.name));
  const update = useUpdatePlugin();
  const [form] = Form.useForm<PluginSettings>();
  const refused = useRefusals(form);
  const save = (begun: PluginSettings, given: PluginSettings) => {
    refused.clear();
    outcome<unknown>(update.mutateAsync({ name: plugin.name, settings: changedOf(begun, given) }), {
      said: () => t("common.saved"),
      done: onClose,
      refused: refused.show,
    });
  };
  return (
    <Drawer
      open
      onClose={onClose}
      size={440}
      title={titleOf(t, plugin)}
      footer={
        <Flex justify="flex-end" gap={8}>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="primary" loading={update.isPending} onClick={() => form.submit()}>
            {t("common.save")}
          </Button>
        </Flex>
      }
    >
      <Typography.Paragraph type="secondary">{t("plugins.settingsHint")}</Typography.Paragraph>
      <Shown of={found}>
        {(settings) => (
          <Settings form={form} labels={labels} settings={settings} refused={refused.others} onSave={save} />
        )}
      </Shown>
    </Drawer>
  );
}
