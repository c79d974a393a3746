/** To the left: the way through the application; in the settings, through the settings. */
import { ArrowLeftOutlined, HomeOutlined, SettingOutlined } from "@ant-design/icons";
import { Menu, Typography, type MenuProps } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useRouterState } from "@tanstack/react-router";
import { useRights } from "@/components/rights";
import { SearchInput } from "@/components/SearchInput";
import { entries } from "@/features/shell/navigation";
import { useMenu } from "@/features/shell/useMenu";
import { keep, kept } from "@/lib/kept";
import styles from "@/features/shell/Navigation.module.css";

type Items = NonNullable<MenuProps["items"]>;

/** Keys of the groups among the entries, also of groups in groups. */
function groupsOf(items: Items): string[] {
  return items.flatMap((item) =>
    item && "children" in item ? [String(item.key), ...groupsOf(item.children ?? [])] : [],
  );
}

const CLOSED = "closedGroups";

/** From so many entries on they can be searched. */
const MANY = 15;

/** Before each entry, px: little, so that long words have room. */
const INDENT = 16;

export function Navigation() {
  const { t } = useTranslation();
  const { holds } = useRights();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const mine = entries.filter((entry) => holds(entry.snippet));
  const [typed, type] = useState("");
  const word = typed.trim();
  const { items: listed, count } = useMenu(word);
  const [closed, setClosed] = useState(() => kept<string[]>(CLOSED, []));
  const selected =
    mine.find((entry) => path === entry.path || path.startsWith(`${entry.path}/`))?.path ?? path;
  if (path.startsWith("/settings")) {
    const items: Items = [
      { key: "/", icon: <ArrowLeftOutlined />, label: <Link to="/">{t("shell.home")}</Link> },
      { type: "divider" },
      ...mine.map(({ path: to, icon: Icon, title }) => ({
        key: to,
        icon: <Icon />,
        label: <Link to={to}>{t(title)}</Link>,
      })),
    ];
    return (
      <Menu
        mode="inline"
        inlineIndent={INDENT}
        items={items}
        selectedKeys={[selected]}
        className={styles["menu"] ?? ""}
      />
    );
  }
  const groups = groupsOf(listed);
  const choose = (open: string[]) => {
    if (word) return;
    const left = groups.filter((group) => !open.includes(group));
    keep(CLOSED, left);
    setClosed(left);
  };
  const home = { key: "/", icon: <HomeOutlined />, label: <Link to="/">{t("shell.home")}</Link> };
  const toSettings = mine[0] && {
    key: "/settings",
    icon: <SettingOutlined />,
    label: <Link to={mine[0].path}>{t("shell.settings")}</Link>,
  };
  return (
    <div className={styles["navigation"]}>
      {count >= MANY && (
        <div className={styles["search"]}>
          <SearchInput label={t("shell.searchMenu")} value={typed} onType={type} />
        </div>
      )}
      <Menu
        mode="inline"
        inlineIndent={INDENT}
        items={[...(word ? [] : [home]), ...listed]}
        selectedKeys={[selected]}
        openKeys={groups.filter((group) => word || !closed.includes(group))}
        onOpenChange={choose}
        className={styles["menu"] ?? ""}
      />
      {word && listed.length === 0 && (
        <Typography.Text type="secondary" role="status" className={styles["nothing"] ?? ""}>
          {t("switcher.noneFound")}
        </Typography.Text>
      )}
      {toSettings && (
        <div className={styles["foot"]}>
          <Menu
            mode="inline"
            inlineIndent={INDENT}
            items={[toSettings]}
            selectedKeys={[selected]}
            className={styles["menu"] ?? ""}
          />
        </div>
      )}
    </div>
  );
}
