/** What one kind of field looks like: in a table, and where it is written. */
import type { ComponentType } from "react";
import type { Field } from "@/api/metadata";

export interface CellProps {
  /** As the API answers it; neither `null` nor missing. */
  value: unknown;
  field: Field;
}

export interface InputProps {
  field: Field;
  /** As the API answers and takes it; `null` for none. Inside `Form.Item`, the form gives it. */
  value?: unknown;
  /** Tells the new value as the API takes it, or an `Unreadable`. */
  onChange?: (value: unknown) => void;
  id?: string;
  /** Takes the focus when it appears. */
  focused?: boolean;
  disabled?: boolean;
  /** For whoever does not see where the input stands; a form's label does without. */
  "aria-label"?: string | undefined;
  "aria-describedby"?: string | undefined;
  status?: "error";
}

export interface Look {
  Cell: ComponentType<CellProps>;
  /** `null` where the server alone writes it. */
  Input: ComponentType<InputProps> | null;
  /** Of a column, in pixels, before somebody drags it. */
  width: number;
  align?: "end";
  sortable?: false;
  /** One choice is the whole of a change: it is stored with it. */
  instant?: true;
  /** Enter begins a new line. */
  lines?: true;
}

/** What was typed and is no value of its field (yet): JSON without its closing brace. */
export class Unreadable {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
