/** One role: what it may do on records, which settings it may open, and in main which applications it may enter. */
import { EyeOutlined } from "@ant-design/icons";
import { Alert, Breadcrumb, Button, Flex, Result, Tabs, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { roles, type Role } from "@/api/queries/access";
import { Page } from "@/components/Page";
import { Shown } from "@/components/states";
import { CollectionsCard } from "@/features/access/CollectionsCard";
import { EntrancesCard } from "@/features/access/EntrancesCard";
import { titleOf } from "@/features/access/names";
import { RoleActions } from "@/features/access/RoleActions";
import { SnippetsCard } from "@/features/access/SnippetsCard";
import { StrategyCard } from "@/features/access/StrategyCard";
import { useRights } from "@/components/rights";
import { boot } from "@/lib/boot";
import { actAs } from "@/lib/role";

function Parts({ role }: { role: Role }) {
  const { t } = useTranslation();
  const { holds } = useRights();
  const { tab = "records" } = useSearch({ from: "/inside/settings/roles/$name" });
  const navigate = useNavigate();
  const fixed = role.name === "root";
  const parts = [
    {
      key: "records",
      label: t("access.tabRecords"),
      children: (
        <Flex vertical gap={16}>
          <StrategyCard role={role} fixed={fixed} />
          {!fixed && <CollectionsCard role={role} />}
        </Flex>
      ),
    },
    ...(role.name === "anonymous"
      ? []
      : [
          {
            key: "settings",
            label: t("access.tabSettings"),
            children: <SnippetsCard role={role} fixed={fixed} />,
          },
        ]),
    ...(boot.main && role.name !== "anonymous" && holds("pm.app-supervisor")
      ? [
          {
            key: "applications",
            label: t("access.tabApplications"),
            children: <EntrancesCard role={role.name} />,
          },
        ]
      : []),
  ];
  return (
    <Flex vertical gap={8}>
      {fixed && <Alert type="info" showIcon title={t("access.rootHint")} />}
      {role.name === "anonymous" && <Alert type="info" showIcon title={t("access.anonymousHint")} />}
      <Tabs
        activeKey={tab}
        items={parts}
        onChange={(key) =>
          void navigate({
            to: "/settings/roles/$name",
            params: { name: role.name },
            search: { tab: key },
            replace: true,
          })
        }
      />
    </Flex>
  );
}

export default function RolePage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: "/inside/settings/roles/$name" });
  const found = useQuery(roles.get(name));
  const trail = (
    <Breadcrumb
      items={[{ title: <Link to="/settings/roles">{t("access.rolesTitle")}</Link> }, { title: name }]}
    />
  );
  return (
    <Shown of={found}>
      {(role) =>
        role ? (
          <Page
            title={titleOf(role)}
            hint={role.description ?? <Typography.Text code>{role.name}</Typography.Text>}
            trail={trail}
            actions={
              <>
                {role.name !== "anonymous" && (
                  <Button icon={<EyeOutlined />} onClick={() => actAs(role.name)}>
                    {t("access.seeAs")}
                  </Button>
                )}
                <RoleActions role={role} />
              </>
            }
          >
            <Parts role={role} />
          </Page>
        ) : (
          <Result
            status="404"
            title={t("errors.notFound")}
            subTitle={t("errors.notFoundHint")}
            extra={<Link to="/settings/roles">{t("access.rolesTitle")}</Link>}
          />
        )
      }
    </Shown>
  );
}
