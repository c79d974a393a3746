import { describe, expect, it } from "vitest";
import { themeOf } from "@/components/palette";

describe("the theme", () => {
  it("moves nothing for who asks for no motion", () => {
    expect(themeOf("#4f46e5", false, true).token.motion).toBe(false);
    expect(themeOf("#4f46e5", false, false).token.motion).toBe(true);
  });

  it("takes any accent, light and dark", () => {
    expect(themeOf("#ffff00", false, false).components.Tabs.itemSelectedColor).not.toBe("#ffff00");
    expect(themeOf("#ffff00", true, false).components.Tabs.itemSelectedColor).toBe("#ffff00");
  });

  it("keeps the words of a button readable that is pointed at", () => {
    const { Button, Tabs } = themeOf("#4f46e5", true, false).components;
    expect(Button.defaultHoverColor).toBe(Tabs.itemSelectedColor);
    expect(Button.defaultActiveColor).toBe(Tabs.itemSelectedColor);
    expect(Button.defaultHoverColor).not.toBe("#4f46e5");
  });
});
