/** In the main application: which applications a role may enter from the launcher. */
import { Alert, Button, Card, Radio, Select, Typography, Flex } from "antd";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { useSetApplications } from "@/api/mutations/access";
import { errorText } from "@/api/errors";
import { entrances } from "@/api/queries/access";
import { Shown } from "@/components/states";
import { useTold } from "@/components/told";

const EVERY = "*";

export function EntrancesCard({ role }: { role: string }) {
  const { t } = useTranslation();
  const told = useTold();
  const all = useQuery(entrances.roles());
  const known = useQuery(entrances.applications());
  const set = useSetApplications(role);
  const change = (names: string[]) => set.mutate(names, { onError: told.failed });
  return (
    <Card title={t("access.entrancesTitle")}>
      <Typography.Paragraph type="secondary">{t("access.entrancesHint")}</Typography.Paragraph>
      <Shown of={all}>
        {(rows) => {
          const row = rows.find((item) => item.role === role);
          const names = set.isPending ? set.variables : (row?.applications ?? []);
          const every = names.includes(EVERY);
          return (
            <Flex vertical gap={12} align="flex-start">
              <Radio.Group
                aria-label={t("access.entrancesTitle")}
                value={every}
                disabled={row?.fixed === true || set.isPending}
                onChange={(event) => change(event.target.value === true ? [EVERY] : [])}
                options={[
                  { value: true, label: t("access.entrancesAll") },
                  { value: false, label: t("access.entrancesSome") },
                ]}
              />
              {row?.fixed && <Typography.Text type="secondary">{t("access.entrancesFixed")}</Typography.Text>}
              {!every && known.error && !known.data && (
                <Alert
                  type="warning"
                  showIcon
                  role="alert"
                  title={t("errors.title")}
                  description={errorText(t, known.error)}
                  action={
                    <Button size="small" loading={known.isFetching} onClick={() => void known.refetch()}>
                      {t("common.retry")}
                    </Button>
                  }
                />
              )}
              {!every && (
                <Select
                  mode="multiple"
                  aria-label={t("access.entrancesSome")}
                  placeholder={t("access.entrancesNone")}
                  style={{ width: "100%", maxWidth: 560 }}
                  loading={known.isPending}
                  disabled={set.isPending}
                  value={names}
                  onChange={change}
                  showSearch={{ optionFilterProp: "label" }}
                  options={
                    known.data?.map(({ name, displayName }) => ({ value: name, label: displayName })) ?? []
                  }
                />
              )}
            </Flex>
          );
        }}
      </Shown>
    </Card>
  );
}
