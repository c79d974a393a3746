import { createElement } from "react";
import { lookOf, operandInput } from "@/schema/registry";
import type { InputProps } from "@/schema/types";

/** The input of a field; nothing for those that the server alone writes. */
export function FieldInput(props: InputProps) {
  const { Input } = lookOf(props.field);
  return Input && createElement(Input, props);
}

/** The input of what a field is compared with in a filter. */
export const OperandInput = (props: InputProps) => createElement(operandInput(props.field), props);
