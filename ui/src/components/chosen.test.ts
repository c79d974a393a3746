import { expect, test } from "vitest";
import { chosenBy } from "@/components/chosen";

test("a person's own theme and language are known by what is kept with them", () => {
  expect(chosenBy({ appLang: "fr-CA", systemSettings: { theme: "dark" } })).toEqual({
    language: "fr",
    theme: "dark",
  });
});

test("what they have not chosen, and what these pages have not, stays as the browser has it", () => {
  expect(chosenBy({ appLang: null, systemSettings: null })).toEqual({ language: null, theme: null });
  const other = { theme: "sepia" } as unknown as { theme: "dark" };
  expect(chosenBy({ appLang: "xx", systemSettings: other })).toEqual({ language: null, theme: null });
});
