/** The rules for the id of an application, checked while it is typed. */
export const LONGEST_NAME = 63;
const RESERVED: readonly string[] = ["main", "local", "new", "api"];
const NAME = /^[a-z][a-z0-9_-]*$/;

/** Which rule it breaks; `null`: none, or nothing is said and the server makes one. */
export function brokenRule(name: string): "reserved" | "long" | "letters" | null {
  if (!name) return null;
  if (RESERVED.includes(name.toLowerCase()) || name.startsWith("__")) return "reserved";
  if (name.length > LONGEST_NAME) return "long";
  return NAME.test(name) ? null : "letters";
}

/** An id made of the name that people see: `Büro & Shop` → `buro-shop`; empty where no letter of it can be used. */
export function idFrom(shown: string): string {
  const id = shown
    .normalize("NFD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, LONGEST_NAME)
    .replace(/-+$/, "");
  return brokenRule(id) === null ? id : "";
}

/** A host name alone: no scheme, port or path. */
export const isDomain = (text: string): boolean =>
  text.length <= 253 &&
  text
    .toLowerCase()
    .replace(/\.$/, "")
    .split(".")
    .every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(label));
