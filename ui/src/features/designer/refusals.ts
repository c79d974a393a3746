/** What the server refused of a form, in the words of the form. */
import type { ApiError, ErrorEntry } from "@/api/client";
import { atField, type Refused } from "@/components/refusals";

/** Settings by the names that the API has for them, which are those of the form's items → their labels. */
export type Labels = Readonly<Record<string, string>>;

/** Whether an entry is about what the form describes, and not about something that this needs. */
function isAbout(about: string, { collection, field }: ErrorEntry): boolean {
  if (typeof collection !== "string") return true;
  const subject = typeof field === "string" ? `${collection}.${field}` : collection;
  return subject === about || (about.endsWith(".") && subject.startsWith(about));
}

/** The sentence, with the setting that it is about by its label; a word of everyday, such as "name", is none alone. */
function inWords(sentence: string, setting: string | undefined, labels: Labels): string {
  const label = setting === undefined ? undefined : labels[setting];
  if (setting === undefined || label === undefined || /^[a-z]+$/.test(setting)) return sentence;
  return sentence.replace(setting, () => `“${label}”`);
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
    // a name that is taken is told of without a reason, and names what has it
    const own = typeof entry["reason"] !== "string" || isAbout(about, entry);
    const path = own && typeof entry["path"] === "string" ? entry["path"] : undefined;
    const sentence = own ? inWords(atField(entry), path, labels) : entry.message;
    if (path !== undefined && path in labels && shown(path) && !(path in items)) items[path] = sentence;
    else others.push(sentence);
  }
  return { items, others };
}
