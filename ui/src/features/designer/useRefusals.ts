/** Shows what the server refused of a form: at its items, and the rest as sentences to stand above it. */
import type { FormInstance } from "antd";
import { useState } from "react";
import { isRefusal } from "@/api/errors";
import { useTold } from "@/components/told";
import { NOTHING, refusals, type Labels } from "@/features/designer/refusals";

export interface Refusals {
  /** What stands above the form. */
  others: readonly string[];
  /** Of what the form describes, as the server names it. What is no refusal is told in a corner of the page. */
  show: (error: unknown, about: string) => void;
  /** The form is sent again. */
  clear: () => void;
}

export function useRefusals(form: FormInstance, labels: Labels): Refusals {
  const told = useTold();
  const [refused, setRefused] = useState(NOTHING);
  return {
    others: refused.others,
    show: (error, about) => {
      if (!isRefusal(error)) {
        told.failed(error);
        return;
      }
      const shown = form.getFieldsValue() as Record<string, unknown>;
      const found = refusals(error, about, labels, (name) => name in shown);
      form.setFields(Object.entries(found.items).map(([name, sentence]) => ({ name, errors: [sentence] })));
      const [first] = Object.keys(found.items);
      if (first !== undefined) form.scrollToField(first, { focus: true, block: "center" });
      setRefused(found);
    },
    clear: () => {
      form.setFields(Object.keys(refused.items).map((name) => ({ name, errors: [] })));
      setRefused(NOTHING);
    },
  };
}
