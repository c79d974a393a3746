/** To the left: the way through the application; in the settings, through the settings. */
import { ArrowLeftOutlined, HomeOutlined, SettingOutlined } from "@ant-design/icons";
import { Menu, type MenuProps } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useRouterState } from "@tanstack/react-router";
import { useRights } from "@/components/rights";
import { entries } from "@/features/shell/navigation";
import { useMenu } from "@/features/shell/useMenu";
import { keep, kept } from "@/lib/kept";

type Items = NonNullable<MenuProps["items"]>;

/** Keys of the groups among the entries, also of groups in groups. */
function groupsOf(items: Items): string[] {
  return items.flatMap((item) =>
    item && "children" in item ? [String(item.key), ...groupsOf(item.children ?? [])] : [],
  );
}

const CLOSED = "closedGroups";

export function Navigation() {
  const { t } = useTranslation();
  const { holds } = useRights();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const mine = entries.filter((entry) => holds(entry.snippet));
  const listed = useMenu();
  const [closed, setClosed] = useState(() => kept<string[]>(CLOSED, []));
  const inSettings = path.startsWith("/settings");
  const items: Items = inSettings
    ? [
        { key: "/", icon: <ArrowLeftOutlined />, label: <Link to="/">{t("shell.home")}</Link> },
        { type: "divider" },
        ...mine.map(({ path: to, icon: Icon, title }) => ({
          key: to,
          icon: <Icon />,
          label: <Link to={to}>{t(title)}</Link>,
        })),
      ]
    : [
        { key: "/", icon: <HomeOutlined />, label: <Link to="/">{t("shell.home")}</Link> },
        ...listed,
        ...(mine[0]
          ? [
              { type: "divider" as const },
              {
                key: "/settings",
                icon: <SettingOutlined />,
                label: <Link to={mine[0].path}>{t("shell.settings")}</Link>,
              },
            ]
          : []),
      ];
  const selected =
    mine.find((entry) => path === entry.path || path.startsWith(`${entry.path}/`))?.path ?? path;
  const groups = groupsOf(listed);
  const choose = (open: string[]) => {
    const left = groups.filter((group) => !open.includes(group));
    keep(CLOSED, left);
    setClosed(left);
  };
  return (
    <Menu
      mode="inline"
      items={items}
      selectedKeys={[selected]}
      openKeys={groups.filter((group) => !closed.includes(group))}
      onOpenChange={choose}
      style={{ borderInlineEnd: 0 }}
    />
  );
}
