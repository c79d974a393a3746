/** One box to go anywhere and do the usual: applications, collections, settings, theme, language. */
import { Modal } from "antd";
import { Command } from "cmdk";
import { useRef, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "@tanstack/react-router";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useSignOut } from "@/api/mutations/session";
import { applications } from "@/api/queries/applications";
import { collectionTitle } from "@/api/metadata";
import { session } from "@/api/queries/session";
import { isListed } from "@/components/collectionRights";
import { useListed } from "@/components/collections";
import { useDebounced } from "@/components/debounced";
import { useOffered } from "@/components/languages";
import { useOwnAppearance } from "@/components/own-appearance";
import { useRights } from "@/components/rights";
import { useTold } from "@/components/told";
import styles from "@/features/palette/Palette.module.css";
import { entries } from "@/features/shell/navigation";
import { boot } from "@/lib/boot";
import { LANGUAGES } from "@/lib/languages";
import { actAs } from "@/lib/role";

const THEMES = ["light", "dark", "system"] as const;

interface ItemProps {
  /** By which it is told from others. */
  id: string;
  /** What it is found by beside its text. */
  words?: string[];
  onSelect: () => void;
  text: string;
  hint?: ReactNode;
}

function Item({ id, words = [], onSelect, text, hint }: ItemProps) {
  return (
    <Command.Item className={styles["item"]} value={`${text} ${id}`} keywords={words} onSelect={onSelect}>
      <span>{text}</span>
      {hint !== undefined && <span className={styles["hint"]}>{hint}</span>}
    </Command.Item>
  );
}

interface PartProps {
  close: () => void;
}

function Applications({ word, close }: PartProps & { word: string }) {
  const { t } = useTranslation();
  const { data } = useInfiniteQuery({
    ...applications.mine(useDebounced(word.trim())),
    enabled: boot.mainApi !== null,
    retry: false,
  });
  const cards = data?.pages[0]?.rows.filter(({ name }) => boot.main || name !== boot.app) ?? [];
  const open = (url: string) => {
    close();
    if (boot.main) window.open(url, "_blank", "noreferrer");
    else location.assign(url);
  };
  if (cards.length === 0) return null;
  return (
    <Command.Group heading={t("palette.applications")}>
      {cards.map(({ name, displayName, labels, url }) => (
        <Item
          key={name}
          id={`application-${name}`}
          words={[name, ...labels]}
          text={displayName}
          hint={name}
          onSelect={() => open(url)}
        />
      ))}
    </Command.Group>
  );
}

function Places({ close }: PartProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { rights, holds } = useRights();
  const listed = useListed().filter((collection) => isListed(rights, collection));
  const go = (to: string) => {
    close();
    void navigate({ to });
  };
  return (
    <>
      {listed.length > 0 && (
        <Command.Group heading={t("palette.collections")}>
          {listed.map((collection) => (
            <Item
              key={collection.name}
              id={`collection-${collection.name}`}
              words={[collection.name]}
              text={collectionTitle(collection)}
              onSelect={() => go(`/data/${encodeURIComponent(collection.name)}`)}
            />
          ))}
        </Command.Group>
      )}
      <Command.Group heading={t("palette.pages")}>
        <Item id="page-home" text={t("shell.home")} onSelect={() => go("/")} />
        <Item id="page-profile" text={t("shell.profile")} onSelect={() => go("/profile")} />
        {entries
          .filter(({ snippet }) => holds(snippet))
          .map(({ path, title }) => (
            <Item
              key={path}
              id={`page-${path}`}
              words={[t("shell.settings")]}
              text={t(title)}
              hint={t("shell.settings")}
              onSelect={() => go(path)}
            />
          ))}
        {boot.main && holds("pm.app-supervisor") && (
          <Item
            id="page-add-application"
            text={t("palette.addApplication")}
            onSelect={() => go("/settings/applications/new")}
          />
        )}
      </Command.Group>
    </>
  );
}

function Actions({ close }: PartProps) {
  const { t } = useTranslation();
  const { theme, chooseTheme, language, chooseLanguage } = useOwnAppearance();
  const languages = useOffered(language);
  const { data: user } = useQuery(session.user());
  const { rights } = useRights();
  const signOut = useSignOut(useTold().failed);
  const others = user?.roles.filter(({ name }) => name !== rights?.role) ?? [];
  return (
    <Command.Group heading={t("palette.actions")}>
      {THEMES.filter((choice) => choice !== theme).map((choice) => (
        <Item
          key={choice}
          id={`theme-${choice}`}
          text={t("palette.theme", { name: t(`shell.${choice}`) })}
          onSelect={() => {
            chooseTheme(choice);
            close();
          }}
        />
      ))}
      {languages
        .filter((choice) => choice !== language)
        .map((choice) => (
          <Item
            key={choice}
            id={`language-${choice}`}
            words={[t("shell.language")]}
            text={LANGUAGES[choice].label}
            hint={t("shell.language")}
            onSelect={() => {
              chooseLanguage(choice);
              close();
            }}
          />
        ))}
      {others.map(({ name, title }) => (
        <Item
          key={name}
          id={`role-${name}`}
          text={t("palette.role", { name: title ?? name })}
          onSelect={() => actAs(name)}
        />
      ))}
      <Item
        id="sign-out"
        text={t("shell.signOut")}
        onSelect={() => {
          close();
          signOut.mutate();
        }}
      />
    </Command.Group>
  );
}

export default function Palette({ open, close }: PartProps & { open: boolean }) {
  const { t } = useTranslation();
  const [word, setWord] = useState("");
  const input = useRef<HTMLInputElement>(null);
  return (
    <Modal
      open={open}
      onCancel={close}
      afterClose={() => setWord("")}
      afterOpenChange={(shown) => shown && input.current?.focus()}
      footer={null}
      closable={false}
      destroyOnHidden
      width={600}
      styles={{ container: { padding: 0, overflow: "hidden" } }}
      style={{ top: 88 }}
      title={null}
      aria-label={t("palette.title")}
    >
      <Command label={t("palette.title")} loop>
        <Command.Input
          className={styles["input"]}
          ref={input}
          value={word}
          onValueChange={setWord}
          placeholder={t("palette.placeholder")}
        />
        <Command.List className={styles["list"]}>
          <Command.Empty className={styles["empty"]}>{t("palette.empty")}</Command.Empty>
          <Places close={close} />
          <Applications word={word} close={close} />
          <Actions close={close} />
        </Command.List>
      </Command>
    </Modal>
  );
}
