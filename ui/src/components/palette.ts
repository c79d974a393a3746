/** The colours of the theme, such that letters in them can be read on what they stand on (WCAG 2.2: a contrast of 4.5). */
import type { MappingAlgorithm } from "antd";
import { theme } from "antd";
import { readableOn } from "@/lib/color";

/** The tinted grounds on which coloured letters stand have less contrast than plain ones: these stand for them. */
const GROUND = { light: "#eeeef2", dark: "#2a2a33" };

const LIGHT = {
  colorBgLayout: "#fafafa",
  colorTextSecondary: "#52525b",
  colorTextTertiary: "#63636d",
  colorTextDescription: "#63636d",
  colorTextPlaceholder: "#6f6f79",
};
const DARK = {
  colorBgLayout: "#101014",
  colorBgContainer: "#18181b",
  colorBgElevated: "#1f1f23",
  colorTextSecondary: "#c4c4cc",
  colorTextTertiary: "#a1a1aa",
  colorTextDescription: "#a1a1aa",
  colorTextPlaceholder: "#8f8f98",
};

const HEX = /^#[0-9a-f]{6}$/i;

/** The colour for letters: as it is where it can be read, else lighter or darker. */
const letters = (color: string, ground: string): string =>
  HEX.test(color) ? readableOn(ground, color) : color;

/** Tokens of the palettes that tags of a colour take for their letters: `blue7` … */
const TAG = /^(?:red|volcano|orange|gold|yellow|lime|green|cyan|blue|geekblue|purple|magenta|pink)-?7$/;

function legible(ground: string): MappingAlgorithm {
  return (seed, map) => {
    const base = map ?? theme.defaultAlgorithm(seed);
    const tags = Object.entries(base)
      .filter(([name]) => TAG.test(name))
      .map(([name, color]) => [name, letters(String(color), ground)]);
    return {
      ...base,
      ...(Object.fromEntries(tags) as Partial<typeof base>),
      colorLink: letters(seed.colorPrimary, ground),
      colorLinkHover: letters(seed.colorPrimary, ground),
      colorPrimaryText: letters(seed.colorPrimary, ground),
      colorSuccess: letters(base.colorSuccess, ground),
      colorWarning: letters(base.colorWarning, ground),
      colorError: letters(base.colorError, ground),
      colorInfo: letters(base.colorInfo, ground),
    };
  };
}

/** The theme of the pages: an accent, light or dark, and without motion for who asks for none (WCAG 2.3.3). */
export function themeOf(accent: string, dark: boolean, still: boolean) {
  const ground = dark ? GROUND.dark : GROUND.light;
  const read = letters(accent, ground);
  const danger = letters(dark ? "#f87171" : "#c81e1e", ground);
  return {
    algorithm: [dark ? theme.darkAlgorithm : theme.defaultAlgorithm, legible(ground)],
    token: {
      colorPrimary: accent,
      colorInfo: accent,
      borderRadius: 8,
      fontSize: 14,
      wireframe: false,
      motion: !still,
      fontFamily:
        "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', sans-serif",
      ...(dark ? DARK : LIGHT),
    },
    components: {
      Menu: {
        itemSelectedColor: read,
        subMenuItemSelectedColor: read,
        itemSelectedBg: dark ? "#27272c" : "#f1f1f4",
        dangerItemColor: danger,
      },
      Dropdown: { colorPrimary: read },
      Tabs: { itemSelectedColor: read, itemHoverColor: read, itemActiveColor: read, inkBarColor: read },
      Button: {
        colorLink: read,
        colorLinkHover: read,
        defaultHoverColor: read,
        defaultActiveColor: read,
        ...(dark ? { colorError: danger } : {}),
      },
      Segmented: { itemSelectedColor: dark ? "#ffffff" : "#18181b" },
    },
  };
}
