/** What the server refused of a form, in the words of the form. */
import type { ApiError, ErrorEntry } from "@/api/client";
import type { Refused } from "@/components/refusals";

/** Settings by the names that the API has for them, which are those of the form's items → their labels. */
export type Labels = Readonly<Record<string, string>>;

const SUBJECT = /^The (?:field|collection|relation|foreign key) "([^"]+)" /;

/** Words of everyday, such as "name", are the name of a setting only where the sentence points at one. */
const isWord = (name: string): boolean => /^[a-z]+$/.test(name);

const pattern = (name: string): RegExp =>
  new RegExp(isWord(name) ? `\\b(for|as its|as) ${name}\\b(?!")` : `()(?<!["\\w])${name}\\b(?!")`, "g");

/** The sentence with what it is about left out where that is what the form is about, and settings by their labels. */
function inWords(message: string, about: string, labels: Labels): string {
  const subject = SUBJECT.exec(message);
  const own = subject?.[1] === about || (about.endsWith(".") && subject?.[1]?.startsWith(about));
  let text = subject && own ? message.slice(subject[0].length) : message;
  for (const [name, label] of Object.entries(labels)) {
    text = text.replace(pattern(name), (_, before: string) => `${before && `${before} `}“${label}”`);
  }
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The setting that an entry is about: a name that is taken, or the one that its sentence names. */
function settingOf({ code, message, field, collection }: ErrorEntry, labels: Labels): string | undefined {
  const exists = code === "CONFLICT" && (typeof field === "string" || typeof collection === "string");
  if (exists) return "name" in labels ? "name" : undefined;
  const named = Object.keys(labels).filter((name) => pattern(name).test(message));
  return named.find((name) => !isWord(name)) ?? named[0];
}

/**
 * Where each entry of an error stands. `about` is what the form describes, as the server names it (`orders`,
 * `orders.total`; `orders.` where it makes the name up); `shown` are the items that the form has now.
 */
export function refusals(
  error: ApiError,
  about: string,
  labels: Labels,
  shown: (name: string) => boolean,
): Refused {
  const items: Record<string, string> = {};
  const others: string[] = [];
  for (const entry of error.all) {
    const sentence = inWords(entry.message, about, labels);
    const name = settingOf(entry, labels);
    if (name !== undefined && shown(name) && !(name in items)) items[name] = sentence;
    else others.push(sentence);
  }
  return { items, others };
}
