/** What can be done with one user. */
import {
  DeleteOutlined,
  EditOutlined,
  KeyOutlined,
  LockOutlined,
  MoreOutlined,
  UnlockOutlined,
} from "@ant-design/icons";
import { App, Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { useDestroyPerson, useUpdatePerson } from "@/api/mutations/access";
import type { Person } from "@/api/queries/access";
import { useTold } from "@/components/told";
import { nameOf } from "@/features/access/names";

interface Props {
  person: Person;
  /** It is the one who looks. */
  me: boolean;
  onEdit: (person: Person) => void;
  onPassword: (person: Person) => void;
}

export function UserActions({ person, me, onEdit, onPassword }: Props) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const told = useTold();
  const update = useUpdatePerson();
  const destroy = useDestroyPerson();
  const name = nameOf(person);
  const block = (blocked: boolean) =>
    update
      .mutateAsync({ id: person.id, blocked })
      .then(() => told.done(t(blocked ? "access.userBlocked" : "access.userUnblocked", { name })))
      .catch(told.failed);
  const ask = (title: string, content: string, okText: string, onOk: () => Promise<void>) =>
    modal.confirm({
      title,
      content,
      okText,
      okButtonProps: { danger: true },
      cancelText: t("common.cancel"),
      onOk,
    });
  const items = [
    { key: "edit", icon: <EditOutlined />, label: t("common.edit"), onClick: () => onEdit(person) },
    {
      key: "password",
      icon: <KeyOutlined />,
      label: t("access.newPassword"),
      disabled: me,
      onClick: () => onPassword(person),
    },
    person.blocked
      ? {
          key: "unblock",
          icon: <UnlockOutlined />,
          label: t("access.unblock"),
          onClick: () => void block(false),
        }
      : {
          key: "block",
          icon: <LockOutlined />,
          label: t("access.block"),
          disabled: me,
          onClick: () =>
            void ask(t("access.blockTitle", { name }), t("access.blockHint"), t("access.block"), () =>
              block(true),
            ),
        },
    { type: "divider" as const },
    {
      key: "delete",
      icon: <DeleteOutlined />,
      label: t("common.delete"),
      danger: true,
      disabled: me,
      onClick: () =>
        void ask(t("access.deleteUser", { name }), t("access.deleteUserHint"), t("common.delete"), () =>
          destroy
            .mutateAsync(person.id)
            .then(() => told.done(t("access.userDeleted", { name })))
            .catch(told.failed),
        ),
    },
  ];
  return (
    <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
      <Button type="text" icon={<MoreOutlined />} aria-label={t("access.actionsOf", { name })} />
    </Dropdown>
  );
}
