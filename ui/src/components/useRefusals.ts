/** Shows what the server refused of a form: at its items, and the rest as sentences to stand above it. */
import type { FormInstance } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ApiError } from "@/api/client";
import { isRefusal } from "@/api/errors";
import { NOTHING, refusalsOf, type Refused } from "@/components/refusals";
import { useTold } from "@/components/told";

/** Says where each entry of an error stands, of a form that has the items that are `shown`. */
export type Reading = (error: ApiError, shown: (name: string) => boolean) => Refused;

export interface Refusals {
  /** What stands above the form. */
  others: readonly string[];
  /** What is no refusal is told in a corner of the page. */
  show: (error: unknown) => void;
  /** The same, of a form that the server does not know by the names of its items. */
  showAs: (error: unknown, read: Reading) => void;
  /** The form is sent again. */
  clear: () => void;
}

/** Without a form all of it stands above what was sent. */
export function useRefusals(form?: FormInstance): Refusals {
  const told = useTold();
  const { t } = useTranslation();
  const [refused, setRefused] = useState(NOTHING);
  const plain: Reading = (error, shown) => refusalsOf(error, t("record.taken"), shown);
  const showAs = (error: unknown, read: Reading) => {
    if (!isRefusal(error)) {
      told.failed(error);
      return;
    }
    const values = (form?.getFieldsValue() ?? {}) as Record<string, unknown>;
    const found = read(error, (name) => name in values);
    form?.setFields(Object.entries(found.items).map(([name, sentence]) => ({ name, errors: [sentence] })));
    const [first] = Object.keys(found.items);
    if (first !== undefined) form?.scrollToField(first, { focus: true, block: "center" });
    setRefused(found);
  };
  return {
    others: refused.others,
    show: (error) => showAs(error, plain),
    showAs,
    clear: () => {
      form?.setFields(Object.keys(refused.items).map((name) => ({ name, errors: [] })));
      setRefused(NOTHING);
    },
  };
}
