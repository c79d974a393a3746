/** At the upper left of every page: which application this is, and the way to the others. */
import { DownOutlined } from "@ant-design/icons";
import { Button, Popover } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "@tanstack/react-router";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { applications } from "@/api/queries/applications";
import { settings } from "@/api/queries/session";
import { Mark } from "@/components/Mark";
import { SwitcherList } from "@/features/shell/SwitcherList";
import { boot, ownName } from "@/lib/boot";
import styles from "@/features/shell/Switcher.module.css";

export function Switcher() {
  const { t } = useTranslation();
  const { data } = useQuery(settings.get());
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const name = data?.title ?? ownName;
  const mark = <Mark name={name} icon={data?.logo} size={24} />;
  // Under a domain of its own an application knows no other.
  if (boot.mainApi === null) {
    return (
      <Link to="/" className={styles["own"] ?? ""}>
        {mark} <span className={styles["name"]}>{name}</span>
      </Link>
    );
  }
  const prepare = () => {
    // What could not be read is told when the list is open.
    client.infiniteQuery(applications.mine("", "switcher")).catch(() => undefined);
  };
  // Who was in the list goes on where it was opened from.
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <Popover
      open={open}
      onOpenChange={setOpen}
      trigger="click"
      placement="bottomLeft"
      arrow={false}
      destroyOnHidden
      styles={{ container: { padding: 0 } }}
      content={<SwitcherList close={close} />}
    >
      <Button
        ref={button}
        type="text"
        className={styles["button"] ?? ""}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={t("switcher.switch", { name })}
        onMouseEnter={prepare}
        onFocus={prepare}
      >
        {mark}
        <span className={styles["name"]}>{name}</span>
        <DownOutlined className={styles["down"] ?? ""} />
      </Button>
    </Popover>
  );
}
