/** What a role may do on the records of all collections that have no setting of their own. */
import { Card, Flex, Segmented, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { useUpdateRole } from "@/api/mutations/access";
import type { Role } from "@/api/queries/access";
import { useTold } from "@/components/told";
import {
  ACTIONS,
  actionsOf,
  isOnNew,
  strategyOf,
  type Action,
  type Reach,
} from "@/features/access/permissions";

export function StrategyCard({ role, fixed }: { role: Role; fixed: boolean }) {
  const { t } = useTranslation();
  const told = useTold();
  const update = useUpdateRole();
  // What is being saved is shown already; if it is refused, what was there before comes back.
  const sent = update.isPending ? update.variables.strategy : role.strategy;
  const strategy = strategyOf(sent?.actions);
  const choose = (action: Action, reach: Reach) =>
    update.mutate(
      { name: role.name, strategy: { actions: actionsOf({ ...strategy, [action]: reach }) } },
      { onError: told.failed },
    );
  return (
    <Card title={t("access.strategyTitle")}>
      <Typography.Paragraph type="secondary">{t("access.strategyHint")}</Typography.Paragraph>
      <Flex vertical gap={12} style={{ maxWidth: 560 }}>
        {ACTIONS.map((action) => (
          <Flex key={action} align="center" justify="space-between" gap={12} wrap>
            <Typography.Text>{t(`access.action.${action}`)}</Typography.Text>
            <Segmented<Reach>
              aria-label={t(`access.action.${action}`)}
              value={strategy[action]}
              disabled={fixed || update.isPending}
              onChange={(reach) => choose(action, reach)}
              options={[
                { value: "none", label: t("access.reachNone") },
                ...(isOnNew(action) ? [] : [{ value: "own" as const, label: t("access.reachOwn") }]),
                { value: "all", label: isOnNew(action) ? t("access.reachYes") : t("access.reachAll") },
              ]}
            />
          </Flex>
        ))}
      </Flex>
    </Card>
  );
}
