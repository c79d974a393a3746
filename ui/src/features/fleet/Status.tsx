/** How one application stands, with all that is known of why: as a whole, or in one of its environments. */
import type { Application, Observed } from "@/api/fleet";
import { failedPlugins } from "@/components/status";
import { StatusTag } from "@/components/StatusTag";

export type Life = Pick<
  Application,
  "status" | "statuses" | "wanted" | "doing" | "failure" | "waitsFor" | "degraded"
>;

export function Status({ application }: { application: Life }) {
  const { status, wanted, doing, failure, waitsFor } = application;
  return <StatusTag {...{ status, wanted, doing, failure, waitsFor }} failed={failedPlugins(application)} />;
}

interface InProps {
  application: Life;
  place: string;
  observed: Observed;
}

export function StatusIn({ application, place, observed }: InProps) {
  const { wanted, doing, failure, waitsFor, degraded } = application;
  return (
    <StatusTag
      status={observed}
      wanted={wanted}
      doing={doing?.environment === place ? doing : null}
      failure={failure?.environment === place ? failure : null}
      waitsFor={waitsFor}
      failed={degraded[place]}
    />
  );
}
