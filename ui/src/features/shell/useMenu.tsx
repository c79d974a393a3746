/** What the navigation leads to: the menu; and beside it the collections that stand nowhere in it. */
import type { MenuProps } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useLive } from "@/api/live";
import { menu } from "@/api/queries/administration";
import { collectionTitle } from "@/api/metadata";
import { isListed } from "@/components/collectionRights";
import { useListed } from "@/components/collections";
import { MenuIcon } from "@/components/MenuIcon";
import { useRights } from "@/components/rights";
import { collectionsIn, countOf, dataPath, fitting, menuItems, titled } from "@/features/shell/menuItems";

type Items = NonNullable<MenuProps["items"]>;

export interface Listed {
  items: Items;
  /** Of all entries that lead somewhere, found or not. */
  count: number;
}

/** `word`: what the entries to show have in their titles. */
export function useMenu(word: string): Listed {
  const { t } = useTranslation();
  const { rights, holds } = useRights();
  const { data: mine = [] } = useQuery(menu.mine());
  const known = useListed();
  useLive("records:menuItems", menu.all);
  const named = new Set(collectionsIn(mine));
  const rest = known.filter((collection) => isListed(rights, collection) && !named.has(collection.name));
  const others: Items = rest
    .filter((collection) => titled(collectionTitle(collection), word))
    .map((collection) => ({
      key: dataPath(collection.name),
      icon: <MenuIcon icon={null} kind="collection" />,
      label: <Link to={dataPath(collection.name)}>{collectionTitle(collection)}</Link>,
    }));
  // Without a menu everybody sees all that they may; with one, only who arranges it sees what is not in it.
  if (mine.length === 0) return { items: others, count: rest.length };
  const shown = holds("ui.menu") || holds("pm.collections");
  const apart = { type: "group" as const, key: "others", label: t("menu.allCollections"), children: others };
  return {
    items: [...menuItems(fitting(mine, word)), ...(shown && others.length > 0 ? [apart] : [])],
    count: countOf(mine) + (shown ? rest.length : 0),
  };
}
