import { ExportOutlined } from "@ant-design/icons";
import { Badge, Button, Flex, Table, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { ApiError } from "@/api/client";
import type { Application } from "@/api/fleet";
import { figures, type PluginShown } from "@/api/queries/figures";
import { REACHED } from "@/components/reached";
import { Nothing, Shown } from "@/components/states";
import { visitUrl } from "@/lib/visit";

function State({ plugin }: { plugin: PluginShown }) {
  const { t } = useTranslation();
  if (plugin.error) return <Badge status="error" text={t("application.plugins.failed")} />;
  const text = t(plugin.enabled ? "application.plugins.enabled" : "application.plugins.off");
  return <Badge status={plugin.enabled ? "success" : "default"} text={text} />;
}

/** What its own plugin manager says; only one that runs can be asked. */
export function PluginsTab({ application }: { application: Application }) {
  const { t } = useTranslation();
  const runs = application.status === "running";
  const found = useQuery({ ...figures.plugins(application.name), enabled: runs });
  if (!runs) return <Nothing title={t("application.plugins.down")} />;
  const manage = (
    <Button
      icon={<ExportOutlined />}
      href={`${visitUrl(application.url, application.cname !== null)}settings/plugins`}
      target="_blank"
      rel="noopener noreferrer"
    >
      {t("application.plugins.open")}
    </Button>
  );
  // It runs in another environment, which is not asked from here: its own pages can.
  if (found.error instanceof ApiError && found.error.status === 409) {
    return <Nothing title={t("application.plugins.manage")} action={manage} />;
  }
  return (
    <Shown of={found}>
      {(plugins) => (
        <>
          <Flex justify="space-between" align="center" gap={8} wrap style={{ marginBottom: 12 }}>
            <Typography.Text type="secondary">{t("application.plugins.manage")}</Typography.Text>
            {manage}
          </Flex>
          <Table
            rowKey="name"
            size="middle"
            aria-label={t("application.tabs.plugins")}
            dataSource={plugins}
            pagination={false}
            scroll={{ x: 560 }}
            components={REACHED}
            locale={{
              emptyText: (
                <Nothing title={t("application.plugins.none")} hint={t("application.plugins.noneHint")} />
              ),
            }}
            columns={[
              {
                title: t("application.plugins.plugin"),
                render: (_, plugin) => (
                  <>
                    <Typography.Text strong>{plugin.displayName ?? plugin.name}</Typography.Text>
                    <Typography.Text type="secondary" style={{ display: "block" }}>
                      {plugin.error ?? plugin.description ?? plugin.name}
                    </Typography.Text>
                  </>
                ),
              },
              { title: t("application.version"), width: 120, dataIndex: "version" },
              { title: t("common.status"), width: 140, render: (_, plugin) => <State plugin={plugin} /> },
            ]}
          />
        </>
      )}
    </Shown>
  );
}
