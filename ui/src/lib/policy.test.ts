import { expect, test } from "vitest";
import { keepToPolicy } from "@/lib/policy";

test("style elements get the nonce, style attributes are set without an attribute of text", () => {
  keepToPolicy("N");
  expect(document.createElement("style").nonce).toBe("N");
  expect(document.createElement("div").nonce).toBeFalsy();
  const box = document.createElement("div");
  box.setAttribute("style", "height: 3px");
  box.setAttribute("title", "x");
  expect(box.style.height).toBe("3px");
  expect(box.title).toBe("x");
});
