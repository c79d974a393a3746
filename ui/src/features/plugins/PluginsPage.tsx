/** What this application is made of: each plugin, switched on or off, and why one does not work. */
import { SettingOutlined } from "@ant-design/icons";
import { Alert, Button, Card, Flex, Switch, Tag, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { useSwitchPlugin } from "@/api/mutations/administration";
import { plugins, type Plugin } from "@/api/queries/administration";
import { Page } from "@/components/Page";
import { SearchInput } from "@/components/SearchInput";
import { Nothing, Shown } from "@/components/states";
import { useTold } from "@/components/told";
import { describe, settingKeys, titleOf } from "@/features/plugins/names";
import { PluginDrawer } from "@/features/plugins/PluginDrawer";
import styles from "@/features/plugins/PluginsPage.module.css";

interface ItemProps {
  plugin: Plugin;
  onSettings: () => void;
}

function Item({ plugin, onSettings }: ItemProps) {
  const { t } = useTranslation();
  const told = useTold();
  const change = useSwitchPlugin();
  const title = titleOf(t, plugin);
  const turn = (on: boolean) =>
    change.mutate(
      { name: plugin.name, on },
      {
        onSuccess: () => told.done(t(on ? "plugins.enabled" : "plugins.disabled", { title })),
        onError: told.failed,
      },
    );
  return (
    <Card size="small" className={styles["item"] ?? ""}>
      <Flex vertical gap={8}>
        <Flex justify="space-between" gap={12}>
          <Flex gap={8} align="center" wrap>
            <Typography.Title level={2} className={styles["title"] ?? ""}>
              {title}
            </Typography.Title>
            {plugin.version && <Typography.Text type="secondary">{plugin.version}</Typography.Text>}
            {plugin.builtIn && <Tag>{t("plugins.builtIn")}</Tag>}
          </Flex>
          <Switch
            aria-label={title}
            checked={change.isPending ? change.variables.on : plugin.enabled}
            loading={change.isPending}
            disabled={plugin.builtIn === true}
            onChange={turn}
          />
        </Flex>
        <Typography.Text>{describe(t, plugin)}</Typography.Text>
        {plugin.requires && plugin.requires.length > 0 && (
          <Typography.Text type="secondary">
            {t("plugins.requires", { names: plugin.requires.map((name) => titleOf(t, { name })).join(", ") })}
          </Typography.Text>
        )}
        {plugin.error && (
          <Alert
            type="error"
            showIcon
            title={t("plugins.failed")}
            description={
              <Flex vertical gap={4}>
                <Typography.Text className={styles["reason"] ?? ""}>{plugin.error}</Typography.Text>
                <span>{t("plugins.failedHint")}</span>
                <div>
                  <Button size="small" loading={change.isPending} onClick={() => turn(true)}>
                    {t("common.retry")}
                  </Button>
                </div>
              </Flex>
            }
          />
        )}
        {plugin.configurable && plugin.working && (
          <div>
            <Button size="small" icon={<SettingOutlined />} onClick={onSettings}>
              {t("plugins.settings")}
            </Button>
          </div>
        )}
      </Flex>
    </Card>
  );
}

export default function PluginsPage() {
  const { t } = useTranslation();
  const found = useQuery(plugins.list());
  const [word, setWord] = useState("");
  const [opened, setOpened] = useState<Plugin | null>(null);
  const fits = (plugin: Plugin) =>
    `${titleOf(t, plugin)} ${plugin.name} ${describe(t, plugin)}`.toLowerCase().includes(word.toLowerCase());
  return (
    <Page title={t("plugins.title")} hint={t("plugins.hint")}>
      <Shown of={found}>
        {(all) => {
          // Those that need somebody come first.
          const shown = all
            .filter(fits)
            .sort(
              (a, b) =>
                Number(Boolean(b.error)) - Number(Boolean(a.error)) ||
                titleOf(t, a).localeCompare(titleOf(t, b)),
            );
          return (
            <Flex vertical gap={16}>
              <SearchInput
                label={t("plugins.search")}
                value={word}
                onType={setWord}
                style={{ maxWidth: 360 }}
              />
              {shown.length === 0 && <Nothing title={t("plugins.none")} />}
              <div className={styles["grid"]}>
                {shown.map((plugin) => (
                  <Item key={plugin.name} plugin={plugin} onSettings={() => setOpened(plugin)} />
                ))}
              </div>
            </Flex>
          );
        }}
      </Shown>
      {opened && (
        <PluginDrawer plugin={opened} labels={settingKeys(opened.name)} onClose={() => setOpened(null)} />
      )}
    </Page>
  );
}
