/** Where an application begins: at its first collection; where there is none, at the way to make one. */
import { useTranslation } from "react-i18next";
import { Navigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { collections } from "@/api/queries/collections";
import { isListed } from "@/components/collectionRights";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { useRights } from "@/components/rights";
import { Nothing, Shown } from "@/components/states";

export function ApplicationHome() {
  const { t } = useTranslation();
  const { rights, holds } = useRights();
  const listed = useQuery(collections.list());
  const designs = holds("pm.collections");
  return (
    <Shown of={listed}>
      {(all) => {
        const first = all.find((collection) => isListed(rights, collection));
        if (first) return <Navigate to="/data/$collection" params={{ collection: first.name }} replace />;
        return (
          <Page title={t("shell.home")}>
            <Nothing
              title={t("data.emptyTitle")}
              hint={designs ? t("data.emptyDesign") : t("data.emptyAsk")}
              action={
                designs && (
                  <LinkButton to="/settings/collections" look="primary">
                    {t("data.design")}
                  </LinkButton>
                )
              }
            />
          </Page>
        );
      }}
    </Shown>
  );
}
