/** The menu of an application, as the navigation shows it. */
import type { MenuProps } from "antd";
import { Link } from "@tanstack/react-router";
import type { MenuEntry } from "@/api/queries/administration";
import { MenuIcon } from "@/components/MenuIcon";
import { boot } from "@/lib/boot";

type Items = NonNullable<MenuProps["items"]>;

export const dataPath = (collection: string): string => `/data/${encodeURIComponent(collection)}`;

/** A path is one of this host; where it is one of these very pages it opens without a reload. */
function Leading({ url, children }: { url: string; children: string }) {
  if (url.startsWith(`${boot.base}/`)) return <Link to={url.slice(boot.base.length)}>{children}</Link>;
  const outside = /^https?:/i.test(url);
  return (
    <a href={url} {...(outside ? { target: "_blank", rel: "noreferrer" } : {})}>
      {children}
    </a>
  );
}

export function menuItems(entries: readonly MenuEntry[]): Items {
  return entries.map((entry) => {
    const icon = <MenuIcon icon={entry.icon} kind={entry.kind} />;
    if (entry.kind === "group") {
      return {
        key: `group-${entry.id}`,
        icon,
        label: entry.title,
        children: menuItems(entry.children ?? []),
      };
    }
    if (entry.collection !== undefined) {
      const path = dataPath(entry.collection);
      return { key: path, icon, label: <Link to={path}>{entry.title}</Link> };
    }
    return { key: `link-${entry.id}`, icon, label: <Leading url={entry.url ?? "/"}>{entry.title}</Leading> };
  });
}

/** Names of the collections that stand somewhere in a menu. */
export const collectionsIn = (entries: readonly MenuEntry[]): string[] =>
  entries.flatMap((entry) => [
    ...(entry.collection === undefined ? [] : [entry.collection]),
    ...collectionsIn(entry.children ?? []),
  ]);

/** Whether a title has the word that is searched for. */
export const titled = (title: string, word: string): boolean =>
  title.toLocaleLowerCase().includes(word.trim().toLocaleLowerCase());

/** The entries that have a word in their title; a group that has it, with all that is in it. */
export function fitting(entries: readonly MenuEntry[], word: string): MenuEntry[] {
  return entries.flatMap((entry) => {
    if (titled(entry.title, word)) return [entry];
    const children = fitting(entry.children ?? [], word);
    return children.length > 0 ? [{ ...entry, children }] : [];
  });
}

/** How many entries lead somewhere. */
export const countOf = (entries: readonly MenuEntry[]): number =>
  entries.reduce((sum, entry) => sum + (entry.kind === "group" ? countOf(entry.children ?? []) : 1), 0);
