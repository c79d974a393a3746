/** A link within the pages that looks like a button: one thing to reach by keyboard, and not a button inside of a link. */
import { createLink } from "@tanstack/react-router";
import { Button, type ButtonProps } from "antd";

interface Props extends Omit<ButtonProps, "type"> {
  /** A button's `type`, which the router takes for the link's own and drops. */
  look?: ButtonProps["type"];
}

export const LinkButton = createLink(({ look = "default", ...rest }: Props) => (
  <Button {...rest} type={look} />
));
