/** The applications of the fleet, for who looks after them. */
import { PlusOutlined } from "@ant-design/icons";
import { Segmented } from "antd";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { TOPICS } from "@/api/fleet";
import { useLive } from "@/api/live";
import { applications } from "@/api/queries/applications";
import { environments } from "@/api/queries/environments";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Nothing, Shown } from "@/components/states";
import { useTyped } from "@/components/typed";
import { useLastPage } from "@/components/useLastPage";
import { Bulk } from "@/features/fleet/Bulk";
import { List } from "@/features/fleet/List";
import { ADD } from "@/features/fleet/paths";
import { isNarrowed, readSearch, SIZE, toQuery, type Search } from "@/features/fleet/search";
import { Tools } from "@/features/fleet/Tools";

const FROM = "/inside/settings/applications";

function AddNew() {
  const { t } = useTranslation();
  return (
    <LinkButton to={ADD} look="primary" icon={<PlusOutlined />}>
      {t("fleet.addNew")}
    </LinkButton>
  );
}

/** What is searched for now: with what was just typed, which stands in the address a moment later. */
function useSought() {
  const search = useSearch({ from: FROM });
  const navigate = useNavigate();
  const go = useCallback(
    (changes: Record<string, unknown>, replace = false) =>
      void navigate({
        to: "/settings/applications",
        search: (now) => readSearch({ ...now, ...changes }),
        replace,
      }),
    [navigate],
  );
  const write = useCallback((q: string) => go({ q: q.trim(), page: 1 }, true), [go]);
  const [typed, type] = useTyped(search.q ?? "", write);
  const word = typed.trim();
  const sought: Search = word === (search.q ?? "") ? search : readSearch({ ...search, q: word, page: 1 });
  return { sought, typed, type, go };
}

export default function ApplicationsPage() {
  const { t } = useTranslation();
  const { sought, typed, type, go } = useSought();
  const [chosen, choose] = useState<string[]>([]);
  const client = useQueryClient();
  const answer = useQuery(applications.list(toQuery(sought)));
  useLastPage(answer, sought.page ?? 1, sought.size ?? SIZE, (page) => go({ page }, true));
  useLive(TOPICS.applications, applications.all);
  useLive(TOPICS.environments, environments.all);
  const called = (name: string) => applications.calledIn(client, name);
  const deleted = sought.shown === "deleted";
  const narrowed = isNarrowed(sought);
  const nothing = useMemo(() => <NothingThere narrowed={narrowed} deleted={deleted} />, [narrowed, deleted]);
  const labels = [...new Set(answer.data?.rows.flatMap((row) => row.labels))].sort();
  return (
    <Page title={t("fleet.title")} hint={t("fleet.hint")} actions={<AddNew />}>
      <Segmented<"here" | "deleted">
        aria-label={t("fleet.which")}
        value={deleted ? "deleted" : "here"}
        onChange={(which) => {
          choose([]);
          go({ shown: which, page: 1, status: undefined, sort: undefined });
        }}
        options={[
          { value: "here", label: t("fleet.applications") },
          { value: "deleted", label: t("fleet.deletedOnes") },
        ]}
        style={{ marginBottom: 12 }}
      />
      <Tools
        search={sought}
        typed={typed}
        type={type}
        labels={labels}
        narrow={(changes) => go({ ...changes, page: 1 })}
      />
      <Bulk
        key={sought.shown ?? ""}
        chosen={chosen}
        called={called}
        deleted={deleted}
        clear={() => choose([])}
      />
      <Shown of={answer}>
        {({ rows, meta }) => (
          <List
            rows={rows}
            count={meta.count ?? rows.length}
            page={sought.page ?? 1}
            size={sought.size ?? SIZE}
            sort={sought.sort}
            deleted={deleted}
            chosen={chosen}
            choose={choose}
            go={go}
            nothing={nothing}
          />
        )}
      </Shown>
    </Page>
  );
}

function NothingThere({ narrowed, deleted }: { narrowed: boolean; deleted: boolean }) {
  const { t } = useTranslation();
  if (narrowed) return <Nothing title={t("fleet.noneFound")} hint={t("fleet.noneFoundHint")} />;
  if (deleted) {
    return <Nothing title={t("fleet.noneDeleted")} hint={t("fleet.noneDeletedHint")} />;
  }
  return <Nothing title={t("fleet.noneYet")} hint={t("fleet.noneYetHint")} action={<AddNew />} />;
}
