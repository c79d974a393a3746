/** Shows what the server refused of a form that describes a collection or a field, in the words of the form. */
import type { FormInstance } from "antd";
import { useRefusals } from "@/components/useRefusals";
import { refusals, type Labels } from "@/features/designer/refusals";

export interface Refusals {
  /** What stands above the form. */
  others: readonly string[];
  /** Of what the form describes, as the server names it. What is no refusal is told in a corner of the page. */
  show: (error: unknown, about: string) => void;
  /** The form is sent again. */
  clear: () => void;
}

export function useModelRefusals(form: FormInstance, labels: Labels): Refusals {
  const { others, clear, showAs } = useRefusals(form);
  return {
    others,
    clear,
    show: (error, about) => showAs(error, (said, shown) => refusals(said, about, labels, shown)),
  };
}
