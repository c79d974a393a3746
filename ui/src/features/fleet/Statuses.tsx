/** How an application stands: as a whole, and beneath in each environment where several run it. */
import type { Application } from "@/api/fleet";
import { failedPlugins } from "@/components/status";
import { StatusTag } from "@/components/StatusTag";
import styles from "@/features/fleet/fleet.module.css";

type Life = Pick<
  Application,
  "status" | "statuses" | "wanted" | "doing" | "failure" | "waitsFor" | "degraded"
>;

export function Statuses({ application }: { application: Life }) {
  const { status, statuses, wanted, doing, failure, waitsFor } = application;
  const places = Object.entries(statuses);
  if (places.length < 2) {
    return (
      <StatusTag
        status={status}
        wanted={wanted}
        doing={doing}
        failure={failure}
        waitsFor={waitsFor}
        failed={failedPlugins(application)}
      />
    );
  }
  return (
    <ul className={styles["places"]}>
      {places.map(([place, observed]) => (
        <li key={place}>
          <StatusTag
            status={observed}
            wanted={wanted}
            doing={doing?.environment === place ? doing : null}
            failure={failure?.environment === place ? failure : null}
            waitsFor={waitsFor}
            failed={application.degraded[place]}
          />
          <span className={styles["place"]}>{place}</span>
        </li>
      ))}
    </ul>
  );
}
