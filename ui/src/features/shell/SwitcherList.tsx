/** What the switcher shows when it is open: a search, and the applications to go to. */
import { CheckOutlined, SearchOutlined } from "@ant-design/icons";
import { Input, Spin, Typography, type InputRef } from "antd";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { errorText, isSignedOut } from "@/api/errors";
import { applications } from "@/api/queries/applications";
import { settings } from "@/api/queries/session";
import { Mark } from "@/components/Mark";
import { moved, ways, type Way } from "@/features/shell/ways";
import { boot, PRODUCT } from "@/lib/boot";
import styles from "@/features/shell/Switcher.module.css";

const LIST = "switcher-list";
const idOf = (index: number): string => `switcher-${index}`;

interface RowProps {
  way: Way;
  index: number;
  active: boolean;
  close: () => void;
}

function Row({ way, index, active, close }: RowProps) {
  const row = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (active) row.current?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const { t } = useTranslation();
  return (
    <a
      ref={row}
      id={idOf(index)}
      role="option"
      aria-selected={active}
      tabIndex={-1}
      className={`${styles["way"]} ${active ? styles["active"] : ""}`}
      href={way.href}
      onClick={close}
      aria-current={way.here ? "page" : undefined}
      {...(way.apart ? { target: "_blank", rel: "noopener noreferrer" } : {})}
    >
      <Mark name={way.name} icon={way.icon} size={24} />
      <span className={styles["name"]}>{way.name}</span>
      {way.here && <CheckOutlined aria-label={t("switcher.here")} />}
    </a>
  );
}

export function SwitcherList({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const [typed, type] = useState("");
  const [at, goTo] = useState(0);
  const input = useRef<InputRef>(null);
  useEffect(() => input.current?.focus(), []);
  const main = useQuery(settings.main()).data;
  const answer = useInfiniteQuery(applications.mine(typed.trim(), "switcher"));
  const signedOut = isSignedOut(answer.error);
  const cards = signedOut ? [] : (answer.data?.pages.flatMap(({ rows }) => rows) ?? []);
  const all = ways({ name: main?.title ?? PRODUCT, icon: main?.logo ?? null }, cards, boot, typed);
  const active = Math.min(at, all.length - 1);

  const hear = (event: KeyboardEvent) => {
    const next = moved(event.key, active, all.length);
    if (next !== null) goTo(next);
    else if (event.key === "Enter") document.getElementById(idOf(active))?.click();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  };
  return (
    <div className={styles["panel"]} role="dialog" aria-label={t("switcher.title")}>
      <Input
        ref={input}
        variant="borderless"
        prefix={<SearchOutlined />}
        placeholder={t("switcher.search")}
        aria-label={t("switcher.search")}
        role="combobox"
        aria-expanded
        aria-controls={LIST}
        aria-activedescendant={all.length > 0 ? idOf(active) : undefined}
        value={typed}
        onChange={(event) => {
          type(event.target.value);
          goTo(0);
        }}
        onKeyDown={hear}
      />
      <div id={LIST} role="listbox" aria-label={t("switcher.title")} className={styles["ways"]} tabIndex={-1}>
        {all.map((way, index) => (
          <Row key={way.key} way={way} index={index} active={index === active} close={close} />
        ))}
      </div>
      <Beneath
        text={
          signedOut
            ? t("switcher.signIn")
            : answer.error
              ? errorText(t, answer.error)
              : answer.isSuccess && all.length === 0
                ? t("switcher.noneFound")
                : null
        }
        busy={answer.isPending}
      />
    </div>
  );
}

function Beneath({ text, busy }: { text: string | null; busy: boolean }) {
  if (busy) return <Spin size="small" className={styles["beneath"] ?? ""} />;
  if (text === null) return null;
  return (
    <Typography.Text type="secondary" className={styles["beneath"] ?? ""} role="status">
      {text}
    </Typography.Text>
  );
}
