/** Who can sign in: a table, a drawer for one of them. Searched, sorted and paged by the server. */
import { PlusOutlined, StopOutlined } from "@ant-design/icons";
import { Button, Flex, Table, Tag, type TableColumnsType } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useLive } from "@/api/live";
import { people, type Person } from "@/api/queries/access";
import { session } from "@/api/queries/session";
import { Mark } from "@/components/Mark";
import { Page } from "@/components/Page";
import { SearchInput } from "@/components/SearchInput";
import { Failed, Nothing } from "@/components/states";
import { TextButton } from "@/components/TextButton";
import { useTyped } from "@/components/typed";
import { useLastPage } from "@/components/useLastPage";
import { nameOf, titleOf } from "@/features/access/names";
import { PasswordModal } from "@/features/access/PasswordModal";
import { UserActions } from "@/features/access/UserActions";
import { UserDrawer } from "@/features/access/UserDrawer";
import { day, moment } from "@/lib/format";

export const PAGE_SIZES = [20, 50, 100];

function useColumns(
  me: number,
  edit: (person: Person) => void,
  reset: (person: Person) => void,
  sort: string,
) {
  const { t } = useTranslation();
  const sorted = (name: string) => ({
    sorter: true,
    sortOrder: sort === name ? ("ascend" as const) : sort === `-${name}` ? ("descend" as const) : null,
  });
  const columns: TableColumnsType<Person> = [
    {
      key: "nickname",
      title: t("access.nickname"),
      ...sorted("nickname"),
      render: (_, person) => (
        <Flex gap={10} align="center">
          <Mark name={nameOf(person)} size={26} />
          <TextButton onClick={() => edit(person)}>{nameOf(person)}</TextButton>
          {person.id === me && <Tag>{t("access.you")}</Tag>}
        </Flex>
      ),
    },
    {
      key: "username",
      title: t("access.username"),
      dataIndex: "username",
      responsive: ["md"],
      ...sorted("username"),
    },
    { key: "email", title: t("access.email"), dataIndex: "email", responsive: ["sm"], ...sorted("email") },
    {
      key: "roles",
      title: t("access.roles"),
      render: (_, { roles = [] }) => (
        <Flex gap={4} wrap>
          {roles.map((role) => (
            <Tag key={role.name}>{titleOf(role)}</Tag>
          ))}
        </Flex>
      ),
    },
    {
      key: "blocked",
      title: t("common.status"),
      ...sorted("blocked"),
      render: (_, { blocked }) =>
        blocked ? <Tag icon={<StopOutlined />}>{t("access.blocked")}</Tag> : t("access.active"),
    },
    {
      key: "createdAt",
      title: t("common.created"),
      responsive: ["lg"],
      ...sorted("createdAt"),
      render: (_, { createdAt }) => <span title={moment(createdAt)}>{day(createdAt)}</span>,
    },
    {
      key: "actions",
      title: t("common.actions"),
      width: 72,
      fixed: "end",
      render: (_, person) => (
        <UserActions person={person} me={person.id === me} onEdit={edit} onPassword={reset} />
      ),
    },
  ];
  return columns;
}

export default function UsersPage() {
  const { t } = useTranslation();
  const { data: user } = useSuspenseQuery(session.user());
  const {
    page = 1,
    pageSize = 20,
    search = "",
    sort = "-createdAt",
  } = useSearch({ from: "/inside/settings/users" });
  const navigate = useNavigate();
  const asked = { page, pageSize, search, sort };
  const go = (to: Partial<typeof asked>) =>
    void navigate({ to: "/settings/users", search: { ...asked, page: 1, ...to }, replace: true });
  const [typed, type] = useTyped(search, (word) => go({ search: word.trim() }));
  const found = useQuery(people.list(asked));
  useLastPage(found, page, pageSize, (to) => go({ page: to }));
  useLive("records:users", people.all);
  const [edited, setEdited] = useState<{ open: boolean; person: Person | null }>({
    open: false,
    person: null,
  });
  const [reset, setReset] = useState<Person | null>(null);
  const columns = useColumns(user.id, (person) => setEdited({ open: true, person }), setReset, sort);
  return (
    <Page
      title={t("access.usersTitle")}
      hint={t("access.usersHint")}
      actions={
        <Button
          type="primary"
          icon={<PlusOutlined />}
          onClick={() => setEdited({ open: true, person: null })}
        >
          {t("access.addUser")}
        </Button>
      }
    >
      <Flex vertical gap={12}>
        <SearchInput label={t("access.searchUsers")} value={typed} onType={type} style={{ maxWidth: 360 }} />
        {found.error && !found.data ? (
          <Failed error={found.error} retry={() => void found.refetch()} />
        ) : (
          <Table<Person>
            rowKey="id"
            size="small"
            aria-label={t("access.usersTitle")}
            columns={columns}
            dataSource={found.data?.rows ?? []}
            loading={found.isFetching && (found.isPlaceholderData || !found.data)}
            scroll={{ x: "max-content" }}
            locale={{ emptyText: <Nothing title={t("access.nobody")} hint={t("access.nobodyHint")} /> }}
            pagination={{
              current: page,
              pageSize,
              total: found.data?.meta.count ?? 0,
              pageSizeOptions: PAGE_SIZES,
              showSizeChanger: true,
              showTotal: (count) => t("common.total", { count }),
            }}
            onChange={(pages, _filters, sorter) => {
              const by = Array.isArray(sorter) ? sorter[0] : sorter;
              const order = by?.order && typeof by.columnKey === "string" ? by.columnKey : null;
              const to = order ? (by?.order === "descend" ? `-${order}` : order) : "-createdAt";
              go({
                page: to === sort ? (pages.current ?? 1) : 1,
                pageSize: pages.pageSize ?? pageSize,
                sort: to,
              });
            }}
          />
        )}
      </Flex>
      <UserDrawer {...edited} onClose={() => setEdited({ ...edited, open: false })} />
      <PasswordModal person={reset} onClose={() => setReset(null)} />
    </Page>
  );
}
