import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import en from "@/locales/en";
import es from "@/locales/es";
import fr from "@/locales/fr";
import zh from "@/locales/zh";

type Texts = { [key: string]: string | Texts };

const PLURAL = /_(zero|one|two|few|many|other)$/;

function flat(texts: Texts, before = ""): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === "string") all.set(before + key, value);
    else for (const [inner, text] of flat(value, `${before}${key}.`)) all.set(inner, text);
  }
  return all;
}

/** Keys as code names them: without the endings of plurals. */
const named = (texts: Map<string, string>): Set<string> =>
  new Set([...texts.keys()].map((key) => key.replace(PLURAL, "")));

const placeholders = (text: string): string[] =>
  [...text.matchAll(/{{(\w+)/g)].map(([, name]) => name ?? "").sort();

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !entry.name.includes(".test.") ? [readFileSync(path, "utf8")] : [];
  });
}

const english = flat(en);
/** Ours, and what is said in the parts of libraries. */
const code = [
  ...sources(join(import.meta.dirname, "..")),
  readFileSync(join(import.meta.dirname, "../../read-aloud.ts"), "utf8"),
].join("\n");
/** Keys written out, and the beginnings of those that are put together: t(`errors.${code}`). */
const written = new Set([...code.matchAll(/["'`]([a-zA-Z]\w*(?:\.\w+)+)["'`]/g)].map(([, key]) => key));
const begun = [...code.matchAll(/`([a-zA-Z]\w*(?:\.\w+)*\.\w*)\$\{/g)].map(([, start]) => start ?? "");

describe.each(Object.entries({ es, fr, zh }))("%s", (_language, texts) => {
  const other = flat(texts);
  test("has every text, and no other", () => {
    expect([...named(other)].sort()).toEqual([...named(english)].sort());
  });
  test("has the same placeholders, and no empty text", () => {
    for (const [key, text] of other) {
      const original = english.get(key) ?? english.get(key.replace(PLURAL, "_other")) ?? "";
      expect(placeholders(text), key).toEqual(placeholders(original));
      expect(text.trim(), key).not.toBe("");
    }
  });
});

test("French puts no space that breaks before its signs, and one before each", () => {
  for (const [key, text] of flat(fr)) {
    expect(text, key).not.toMatch(/ [:;?!»]|« /);
    expect(text, key).not.toMatch(/[^\s][;?!»]|«[^\s]/);
  }
});

test("every text is used", () => {
  const unused = [...named(english)].filter(
    (key) => !written.has(key) && !begun.some((start) => key.startsWith(start)),
  );
  expect(unused).toEqual([]);
});
