/** How an application stands: as a whole, and beneath in each environment where several run it. */
import { Status, StatusIn, type Life } from "@/features/fleet/Status";
import styles from "@/features/fleet/fleet.module.css";

export function Statuses({ application }: { application: Life }) {
  const places = Object.entries(application.statuses);
  if (places.length < 2) return <Status application={application} />;
  return (
    <ul className={styles["places"]}>
      {places.map(([place, observed]) => (
        <li key={place}>
          <StatusIn {...{ application, place, observed }} />
          <span className={styles["place"]}>{place}</span>
        </li>
      ))}
    </ul>
  );
}
