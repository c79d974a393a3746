/** Colours as `#rrggbb`, and whether letters can be read on them (WCAG 2.2: a contrast of 4.5). */
export const ENOUGH = 4.5;

/** Of pages to which nobody has given another. */
export const DEFAULT_COLOR = "#4f46e5";

/** White letters can be read on each of them. Which one a name has goes by their order. */
export const COLORS = [
  DEFAULT_COLOR,
  "#0369a1",
  "#0f766e",
  "#15803d",
  "#a16207",
  "#c2410c",
  "#be123c",
  "#a21caf",
  "#6d28d9",
] as const;

const channels = (color: string): [number, number, number] => [
  Number.parseInt(color.slice(1, 3), 16),
  Number.parseInt(color.slice(3, 5), 16),
  Number.parseInt(color.slice(5, 7), 16),
];

function luminance(color: string): number {
  const [red, green, blue] = channels(color).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** From 1 (the same) to 21 (black on white). */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** So much of the other colour mixed in, from 0 to 1. */
function mixed(color: string, other: string, share: number): string {
  const to = channels(other);
  const parts = channels(color).map((part, at) => Math.round(part + ((to[at] ?? 0) - part) * share));
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

const STEP = 0.05;

/** The colour, lighter or darker by as little as makes letters in it readable on this background. */
export function readableOn(background: string, color: string): string {
  const towards = luminance(background) < 0.18 ? "#ffffff" : "#000000";
  let found = color;
  for (let share = STEP; contrast(found, background) < ENOUGH && share <= 1; share += STEP) {
    found = mixed(color, towards, share);
  }
  return found;
}
