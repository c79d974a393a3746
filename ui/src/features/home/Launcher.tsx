/** The home of the main application: the applications that the person may enter. */
import { PlusOutlined } from "@ant-design/icons";
import { Button, Flex, type InputRef } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useInfiniteQuery } from "@tanstack/react-query";
import { TOPICS, type Card } from "@/api/fleet";
import { useLive } from "@/api/live";
import { applications } from "@/api/queries/applications";
import { useDebounced } from "@/components/debounced";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { useRights } from "@/components/rights";
import { SearchInput } from "@/components/SearchInput";
import { Nothing, Shown } from "@/components/states";
import { LauncherCard } from "@/features/home/LauncherCard";
import { useSlash } from "@/features/home/slash";
import styles from "@/features/home/Launcher.module.css";

/** Looks after applications, and hears of every change. */
const SUPERVISOR = "pm.app-supervisor";
/** Others are told of no change: their list is read anew. */
const ANEW_MS = 30_000;
const PAUSE_MS = 120;

export function Launcher() {
  const { t } = useTranslation();
  const supervises = useRights().holds(SUPERVISOR);
  const [typed, type] = useState("");
  const word = useDebounced(typed.trim(), PAUSE_MS);
  const input = useRef<InputRef>(null);
  useSlash(() => input.current?.focus());
  const answer = useInfiniteQuery({
    ...applications.mine(word, "launcher"),
    refetchInterval: supervises ? false : ANEW_MS,
  });
  useLive(TOPICS.applications, [...applications.all, "mine"]);
  const empty =
    typed === "" && word === "" && !answer.isPlaceholderData && answer.data?.pages[0]?.rows.length === 0;
  return (
    <Page title={t("home.title")} hint={t("home.hint")}>
      {!empty && (
        <SearchInput
          ref={input}
          className={styles["search"] ?? ""}
          size="large"
          label={t("home.search")}
          suffix={typed === "" && <kbd className={styles["key"]}>/</kbd>}
          value={typed}
          onType={type}
          onKeyDown={(event) => {
            if (event.key === "Escape") type("");
          }}
        />
      )}
      <Shown of={answer}>
        {({ pages }) => (
          <>
            <Cards cards={pages.flatMap(({ rows }) => rows)} searched={word !== ""} supervises={supervises} />
            {answer.hasNextPage && (
              <Flex justify="center" className={styles["more"] ?? ""}>
                <Button loading={answer.isFetchingNextPage} onClick={() => void answer.fetchNextPage()}>
                  {t("home.more")}
                </Button>
              </Flex>
            )}
          </>
        )}
      </Shown>
    </Page>
  );
}

interface CardsProps {
  cards: readonly Card[];
  searched: boolean;
  supervises: boolean;
}

function Cards({ cards, searched, supervises }: CardsProps) {
  const { t } = useTranslation();
  if (cards.length > 0) {
    return (
      <ul className={styles["grid"]} aria-label={t("home.title")}>
        {cards.map((card) => (
          <LauncherCard key={card.name} card={card} />
        ))}
      </ul>
    );
  }
  if (searched) return <Nothing title={t("home.noneFound")} hint={t("home.noneFoundHint")} />;
  if (!supervises) return <Nothing title={t("home.none")} hint={t("home.askHint")} />;
  return (
    <Nothing
      title={t("home.noneYet")}
      hint={t("home.addHint")}
      action={
        <LinkButton to="/settings/applications" look="primary" icon={<PlusOutlined />}>
          {t("home.add")}
        </LinkButton>
      }
    />
  );
}
