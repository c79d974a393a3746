/** Which settings a role may open and change. */
import { Card, Flex, Switch, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { useUpdateRole } from "@/api/mutations/access";
import type { Role } from "@/api/queries/access";
import { grants } from "@/components/rights";
import { useTold } from "@/components/told";
import { withSnippet } from "@/features/access/permissions";
import { boot } from "@/lib/boot";

/** Configuration rights, and the name of each among our texts. */
const SNIPPETS = [
  ["pm.collections", "collections"],
  ["ui.menu", "menu"],
  ["pm.users", "users"],
  ["pm.acl.roles", "roles"],
  ["pm", "plugins"],
  ["pm.api-keys.configuration", "keys"],
  ["pm.system-settings.system-settings", "system"],
  ["pm.import-export", "imports"],
  ["pm.jobs", "jobs"],
  ["pm.api-doc.documentation", "documentation"],
] as const;
const OF_MAIN = [["pm.app-supervisor", "applications"]] as const;

export function SnippetsCard({ role, fixed }: { role: Role; fixed: boolean }) {
  const { t } = useTranslation();
  const told = useTold();
  const update = useUpdateRole();
  const patterns = (update.isPending ? update.variables.snippets : role.snippets) ?? [];
  return (
    <Card title={t("access.snippetsTitle")}>
      <Typography.Paragraph type="secondary">{t("access.snippetsHint")}</Typography.Paragraph>
      <Flex vertical gap={16}>
        {[...(boot.main ? OF_MAIN : []), ...SNIPPETS].map(([snippet, name]) => (
          <Flex key={snippet} align="flex-start" gap={12}>
            <Switch
              size="small"
              style={{ marginTop: 3 }}
              aria-label={t(`access.snippet.${name}`)}
              checked={grants(patterns, snippet)}
              disabled={fixed || update.isPending}
              onChange={(held) =>
                update.mutate(
                  { name: role.name, snippets: withSnippet(patterns, snippet, held) },
                  { onError: told.failed },
                )
              }
            />
            <Flex vertical>
              <Typography.Text>{t(`access.snippet.${name}`)}</Typography.Text>
              <Typography.Text type="secondary">{t(`access.snippetHint.${name}`)}</Typography.Text>
            </Flex>
          </Flex>
        ))}
      </Flex>
    </Card>
  );
}
