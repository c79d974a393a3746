/** A link within the pages that looks like a button: one thing to reach by keyboard, and not a button inside of a link. */
import { createLink } from "@tanstack/react-router";
import { Button } from "antd";

export const LinkButton = createLink(Button);
