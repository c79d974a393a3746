/** The records of one collection as a table; what the address says is what is shown. */
import { useParams } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { collectionTitle } from "@/api/metadata";
import { collections } from "@/api/queries/collections";
import { session } from "@/api/queries/session";
import { ruleOf } from "@/components/collectionRights";
import { Page } from "@/components/Page";
import { Loading, Nothing, Shown } from "@/components/states";
import { DataView } from "@/features/data/DataView";

export default function DataPage() {
  const { t } = useTranslation();
  const { collection: name } = useParams({ from: "/inside/data/$collection" });
  const meta = useQuery(collections.meta());
  const { data: rights } = useQuery(session.rights());
  return (
    <Shown of={meta}>
      {(all) => {
        const collection = all.find((other) => other.name === name);
        if (collection && ruleOf(rights, collection, "view")) {
          return <DataView key={name} collection={collection} />;
        }
        // What leads here may know of it before its fields are read.
        if (!collection && meta.isFetching) return <Loading />;
        return (
          <Page title={collection ? collectionTitle(collection) : name}>
            <Nothing title={t("data.noCollection")} hint={t("data.noCollectionHint")} />
          </Page>
        );
      }}
    </Shown>
  );
}
