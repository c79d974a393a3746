/** All roles; a role's own page says what it may do. */
import { PlusOutlined } from "@ant-design/icons";
import { Button, Flex, Table, Tag, Typography, type TableColumnsType } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { roles, type Role } from "@/api/queries/access";
import { Page } from "@/components/Page";
import { Shown } from "@/components/states";
import { titleOf } from "@/features/access/names";
import { RoleActions } from "@/features/access/RoleActions";
import { RoleModal } from "@/features/access/RoleModal";

function useColumns(): TableColumnsType<Role> {
  const { t } = useTranslation();
  return [
    {
      key: "title",
      title: t("access.role"),
      render: (_, role) => (
        <Flex vertical>
          <Flex gap={8} align="center" wrap>
            <Link to="/settings/roles/$name" params={{ name: role.name }}>
              {titleOf(role)}
            </Link>
            {role.default && <Tag>{t("access.default")}</Tag>}
          </Flex>
          {role.description && <Typography.Text type="secondary">{role.description}</Typography.Text>}
        </Flex>
      ),
    },
    {
      key: "name",
      title: t("common.name"),
      responsive: ["sm"],
      render: (_, { name }) => <Typography.Text code>{name}</Typography.Text>,
    },
    {
      key: "actions",
      title: t("common.actions"),
      width: 72,
      render: (_, role) => <RoleActions role={role} />,
    },
  ];
}

export default function RolesPage() {
  const { t } = useTranslation();
  const found = useQuery(roles.list());
  const navigate = useNavigate();
  const [adding, setAdding] = useState(false);
  const columns = useColumns();
  return (
    <Page
      title={t("access.rolesTitle")}
      hint={t("access.rolesHint")}
      actions={
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
          {t("access.addRole")}
        </Button>
      }
    >
      <Shown of={found}>
        {(all) => (
          <Table<Role>
            rowKey="name"
            size="small"
            aria-label={t("access.rolesTitle")}
            columns={columns}
            dataSource={all}
            pagination={false}
          />
        )}
      </Shown>
      <RoleModal
        open={adding}
        edited={null}
        onClose={() => setAdding(false)}
        onMade={(name) => void navigate({ to: "/settings/roles/$name", params: { name } })}
      />
    </Page>
  );
}
