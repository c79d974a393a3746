/** What can be done with one role. */
import { DeleteOutlined, EditOutlined, EyeOutlined, MoreOutlined, UserAddOutlined } from "@ant-design/icons";
import { App, Button, Dropdown } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "@tanstack/react-router";
import { useDestroyRole, useUpdateRole } from "@/api/mutations/access";
import type { Role } from "@/api/queries/access";
import { useTold } from "@/components/told";
import { titleOf } from "@/features/access/names";
import { RoleModal } from "@/features/access/RoleModal";
import { actAs } from "@/lib/role";

/** Every application has them. */
const BUILT_IN = ["root", "admin", "member", "anonymous"];

export function RoleActions({ role }: { role: Role }) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const told = useTold();
  const navigate = useNavigate();
  const update = useUpdateRole();
  const destroy = useDestroyRole();
  const [editing, setEditing] = useState(false);
  const name = titleOf(role);
  const remove = () =>
    modal.confirm({
      title: t("access.deleteRole", { name }),
      content: t("access.deleteRoleHint"),
      okText: t("common.delete"),
      okButtonProps: { danger: true },
      cancelText: t("common.cancel"),
      onOk: () =>
        destroy
          .mutateAsync(role.name)
          .then(() => {
            told.done(t("access.roleDeleted", { name }));
            void navigate({ to: "/settings/roles" });
          })
          .catch(told.failed),
    });
  const items = [
    {
      key: "edit",
      icon: <EditOutlined />,
      label: t("access.editRole"),
      disabled: role.name === "root",
      onClick: () => setEditing(true),
    },
    {
      key: "see",
      icon: <EyeOutlined />,
      label: t("access.seeAs"),
      disabled: role.name === "anonymous",
      onClick: () => actAs(role.name),
    },
    {
      key: "default",
      icon: <UserAddOutlined />,
      label: t("access.makeDefault"),
      disabled: role.default,
      onClick: () =>
        update.mutate(
          { name: role.name, default: true },
          { onSuccess: () => told.done(t("access.isDefault", { name })), onError: told.failed },
        ),
    },
    { type: "divider" as const },
    {
      key: "delete",
      icon: <DeleteOutlined />,
      label: t("common.delete"),
      danger: true,
      disabled: BUILT_IN.includes(role.name) || role.default,
      onClick: () => void remove(),
    },
  ];
  return (
    <>
      <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
        <Button type="text" icon={<MoreOutlined />} aria-label={t("access.actionsOf", { name })} />
      </Dropdown>
      <RoleModal open={editing} edited={role} onClose={() => setEditing(false)} />
    </>
  );
}
