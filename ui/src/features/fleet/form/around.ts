/** What the form has to know beside its values. */
import type { Environment } from "@/api/fleet";
import type { Dialect } from "@/features/fleet/form/database";

export interface Around {
  /** Of the service on which the environment makes databases. */
  own: Dialect;
  environments: readonly Environment[];
  /** Of an application that is there: what can not change is shown as a fact. */
  editing: boolean;
  /** Whether it may be given other environments. */
  movable: boolean;
}
