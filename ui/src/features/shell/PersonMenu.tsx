import {
  BgColorsOutlined,
  GlobalOutlined,
  LogoutOutlined,
  SafetyOutlined,
  UserOutlined,
} from "@ant-design/icons";
import { Avatar, Button, Dropdown, type MenuProps } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "@tanstack/react-router";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useSignOut } from "@/api/mutations/session";
import { session } from "@/api/queries/session";
import type { ThemeChoice } from "@/api/types";
import { useOffered } from "@/components/languages";
import { colorOf, initial } from "@/components/Mark";
import { useOwnAppearance } from "@/components/own-appearance";
import { useTold } from "@/components/told";
import { LANGUAGES } from "@/lib/languages";
import { actAs } from "@/lib/role";

const THEMES: readonly ThemeChoice[] = ["light", "dark", "system"];

/** Who is signed in; profile, theme, language, and the way out. */
export function PersonMenu() {
  const { t } = useTranslation();
  const { data: user } = useSuspenseQuery(session.user());
  const { theme, chooseTheme, language, chooseLanguage } = useOwnAppearance();
  const offeredLanguages = useOffered(language);
  const { data: rights } = useQuery(session.rights());
  const navigate = useNavigate();
  const signOut = useSignOut(useTold().failed);
  const name = user.nickname ?? user.username ?? user.email ?? String(user.id);
  const items: MenuProps["items"] = [
    {
      key: "profile",
      icon: <UserOutlined />,
      label: t("shell.profile"),
      onClick: () => void navigate({ to: "/profile" }),
    },
    {
      key: "theme",
      icon: <BgColorsOutlined />,
      label: t("shell.theme"),
      children: THEMES.map((choice) => ({
        key: `theme-${choice}`,
        label: t(`shell.${choice}`),
        onClick: () => chooseTheme(choice),
      })),
    },
    {
      key: "language",
      icon: <GlobalOutlined />,
      label: t("shell.language"),
      children: offeredLanguages.map((choice) => ({
        key: `language-${choice}`,
        label: LANGUAGES[choice].label,
        onClick: () => chooseLanguage(choice),
      })),
    },
    ...(user.roles.length > 1
      ? [
          {
            key: "role",
            icon: <SafetyOutlined />,
            label: t("shell.role"),
            children: user.roles.map((role) => ({
              key: `role-${role.name}`,
              label: role.title ?? role.name,
              onClick: () => actAs(role.name),
            })),
          },
        ]
      : []),
    { type: "divider" },
    {
      key: "out",
      icon: <LogoutOutlined />,
      label: t("shell.signOut"),
      onClick: () => signOut.mutate(),
    },
  ];
  const selectedKeys = [`theme-${theme}`, `language-${language}`, `role-${rights?.role ?? ""}`];
  return (
    <Dropdown menu={{ items, selectable: true, selectedKeys }} trigger={["click"]} placement="bottomRight">
      <Button type="text" shape="circle" aria-label={t("shell.account", { name })}>
        <Avatar size={28} style={{ backgroundColor: colorOf(name), color: "#fff" }}>
          {initial(name)}
        </Avatar>
      </Button>
    </Dropdown>
  );
}
