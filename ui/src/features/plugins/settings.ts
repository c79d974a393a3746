/** The settings of a plugin, as a form shows and changes them. */
import type { PluginSettings } from "@/api/queries/administration";

export type Kind = "boolean" | "number" | "text" | "json";

export function kindOf(value: unknown): Kind {
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return "number";
  return value === null || typeof value === "string" ? "text" : "json";
}

/** As the form keeps them: what is no simple value as JSON. */
export const shownOf = (settings: PluginSettings): PluginSettings =>
  Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      kindOf(value) === "json" ? JSON.stringify(value, null, 2) : value,
    ]),
  );

/** Whether a box holds what can be read; an empty one does. */
export function isJson(text: string | undefined): boolean {
  if (!text) return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What was changed in the form; an empty box takes a setting back to its default. What is no JSON raises `SyntaxError`. */
export function changedOf(before: PluginSettings, form: PluginSettings): PluginSettings {
  const changed: PluginSettings = {};
  const shown = shownOf(before);
  for (const [name, value] of Object.entries(form)) {
    if (value === shown[name]) continue;
    const empty = value === undefined || value === null || value === "";
    changed[name] = empty ? null : kindOf(before[name]) === "json" ? JSON.parse(value as string) : value;
  }
  return changed;
}
