import type { InputProps } from "@/schema/types";

/** What every control takes of the properties of an input. */
export function control(props: InputProps) {
  const { id, focused, disabled } = props;
  const status: "" | "error" = props.status ?? "";
  return {
    ...(id === undefined ? {} : { id }),
    ...(focused === undefined ? {} : { autoFocus: focused }),
    ...(disabled === undefined ? {} : { disabled }),
    "aria-label": props["aria-label"],
    "aria-describedby": props["aria-describedby"],
    status,
  };
}
