import { expect, test, vi } from "vitest";
import { boot } from "@/lib/boot";
import { keepLanguage, keptLanguage } from "@/lib/kept-language";

test("a chosen language is kept, and the server is told at each visit", () => {
  const told = vi.spyOn(document, "cookie", "set");
  expect(keptLanguage()).toBeNull();
  expect(told).not.toHaveBeenCalled();
  keepLanguage("fr");
  expect(keptLanguage()).toBe("fr");
  const cookie = `insula_language=fr; Path=${boot.base}; SameSite=Lax; Max-Age=31536000`;
  expect(told.mock.calls).toEqual([[cookie], [cookie]]);
});
