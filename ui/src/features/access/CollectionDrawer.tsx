/** What a role may do on one collection: as everywhere, or each action with its fields and records. */
import { Button, Drawer, Flex, Radio, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useDestroyResource, useSetResource } from "@/api/mutations/access";
import type { RoleResource, Scope } from "@/api/queries/access";
import { collectionTitle, type Collection } from "@/api/metadata";
import { RefusedSentences } from "@/components/RefusedSentences";
import { useOutcome } from "@/components/useOutcome";
import { useRefusals } from "@/components/useRefusals";
import { PermissionRow } from "@/features/access/PermissionRow";
import { ACTIONS, bodyOf, type Permissions } from "@/features/access/permissions";
import { ScopeModal } from "@/features/access/ScopeModal";

interface Props {
  role: string;
  collection: Collection;
  stored: RoleResource | undefined;
  /** What it may do now. */
  begun: Permissions;
  scopes: Scope[];
  onClose: () => void;
}

export function CollectionDrawer({ role, collection, stored, begun, scopes, onClose }: Props) {
  const { t } = useTranslation();
  const outcome = useOutcome();
  const refused = useRefusals();
  const set = useSetResource(role);
  const drop = useDestroyResource(role);
  const [own, setOwn] = useState(stored?.usingActionsConfig ?? false);
  const [permissions, setPermissions] = useState(begun);
  const [limiting, setLimiting] = useState<(typeof ACTIONS)[number] | null>(null);
  const fitting = scopes.filter(({ resourceName }) => !resourceName || resourceName === collection.name);
  const follow = (asked: Promise<unknown>) =>
    outcome(asked, { said: () => t("common.saved"), done: onClose, refused: refused.show });
  const save = () => {
    refused.clear();
    if (own) {
      follow(
        set.mutateAsync({
          name: collection.name,
          usingActionsConfig: true,
          actions: bodyOf(permissions),
          there: stored !== undefined,
        }),
      );
    } else if (stored) follow(drop.mutateAsync(collection.name));
    else onClose();
  };
  return (
    <Drawer
      open
      onClose={onClose}
      size={560}
      title={collectionTitle(collection)}
      footer={
        <Flex justify="flex-end" gap={8}>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="primary" loading={set.isPending || drop.isPending} onClick={save}>
            {t("common.save")}
          </Button>
        </Flex>
      }
    >
      <RefusedSentences of={refused.others} />
      <Flex vertical gap={20}>
        <Radio.Group
          vertical
          aria-label={t("access.may")}
          value={own}
          onChange={(event) => setOwn(event.target.value === true)}
          options={[
            { value: false, label: t("access.asEverywhere") },
            { value: true, label: t("access.asSetHere") },
          ]}
        />
        {own && (
          <Flex vertical gap={16}>
            <Typography.Text type="secondary">{t("access.fieldsHint")}</Typography.Text>
            {ACTIONS.map((action) => (
              <PermissionRow
                key={action}
                action={action}
                permission={permissions[action]}
                fields={collection.fields}
                scopes={fitting}
                onChange={(permission) => setPermissions({ ...permissions, [action]: permission })}
                onNewScope={() => setLimiting(action)}
              />
            ))}
          </Flex>
        )}
      </Flex>
      <ScopeModal
        open={limiting !== null}
        collection={collection}
        onClose={() => setLimiting(null)}
        onMade={(scope) => {
          if (limiting) setPermissions({ ...permissions, [limiting]: { ...permissions[limiting], scope } });
        }}
      />
    </Drawer>
  );
}
