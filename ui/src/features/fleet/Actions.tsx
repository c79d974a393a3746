/** What can be done with an application, beside it: visit, start or stop, and the rest behind a menu. */
import {
  ArrowUpOutlined,
  DeleteOutlined,
  EditOutlined,
  MoonOutlined,
  MoreOutlined,
  PauseCircleOutlined,
  PlayCircleOutlined,
  ReloadOutlined,
  UndoOutlined,
} from "@ant-design/icons";
import { Button, Dropdown, Flex, type MenuProps } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "@tanstack/react-router";
import type { Application } from "@/api/fleet";
import type { Verb } from "@/api/mutations/applications";
import { possible } from "@/components/status";
import { pathOf } from "@/features/fleet/paths";
import type { Deeds } from "@/features/fleet/useDeeds";
import { Visit } from "@/features/fleet/Visit";

interface Props {
  application: Application;
  deeds: Deeds;
  /** Beside a table's row small and without frames, else as on a page of its own. */
  small?: boolean;
}

export function Actions({ application, deeds, small = false }: Props) {
  const { t } = useTranslation();
  const may = possible(application);
  const look = small ? ({ type: "text", size: "small" } as const) : ({} as const);
  const name = application.displayName ?? application.name;
  const busy = deeds.busy(application.name);
  if (application.wanted === "deleted") {
    return (
      <Flex gap={small ? 4 : 8} align="center">
        <Button
          {...look}
          icon={<UndoOutlined />}
          loading={busy}
          onClick={() => deeds.run("restore", application)}
        >
          {t("fleet.verb.restore")}
        </Button>
        <Button
          {...look}
          danger
          icon={<DeleteOutlined />}
          disabled={busy}
          onClick={() => deeds.ask("purge", application)}
        >
          {t("fleet.verb.purge")}
        </Button>
      </Flex>
    );
  }
  const item = (verb: Verb & keyof typeof may, icon: React.ReactNode) => ({
    key: verb,
    icon,
    label: t(`fleet.verb.${verb}`),
    disabled: !may[verb] || busy,
    onClick: () => deeds.run(verb, application),
  });
  const verb = may.start || !may.stop ? "start" : "stop";
  const items: NonNullable<MenuProps["items"]> = [
    // What sleeps, has failed or runs in some of its environments can be started and stopped.
    ...(verb === "start" && may.stop ? [item("stop", <PauseCircleOutlined />)] : []),
    item("sleep", <MoonOutlined />),
    item("restart", <ReloadOutlined />),
    item("upgrade", <ArrowUpOutlined />),
    ...(small
      ? [
          {
            key: "edit",
            icon: <EditOutlined />,
            label: <Link to={pathOf(application.name)}>{t("common.edit")}</Link>,
          },
        ]
      : []),
    { type: "divider" },
    {
      key: "delete",
      icon: <DeleteOutlined />,
      label: t("common.delete"),
      danger: true,
      disabled: busy,
      onClick: () => deeds.ask("destroy", application),
    },
  ];
  return (
    <Flex gap={small ? 4 : 8} align="center" wrap={!small}>
      <Visit application={application} {...look} />
      <Button
        {...look}
        icon={verb === "start" ? <PlayCircleOutlined /> : <PauseCircleOutlined />}
        aria-label={t(verb === "start" ? "fleet.startOne" : "fleet.stopOne", { name })}
        loading={busy}
        disabled={!may[verb]}
        onClick={() => deeds.run(verb, application)}
      >
        {t(`fleet.verb.${verb}`)}
      </Button>
      <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
        <Button {...look} icon={<MoreOutlined />} aria-label={t("fleet.moreOf", { name })} />
      </Dropdown>
    </Flex>
  );
}
