/** The picture of an application: its icon, or the first letter of its name on a colour that is always the same. */
import styles from "@/components/Mark.module.css";

interface Props {
  name: string;
  /** An emoji, or the address of a picture. */
  icon?: string | null | undefined;
  size?: number;
}

/** Dark enough for white letters (contrast of 4.5 and more). */
const COLORS = [
  "#4f46e5",
  "#0369a1",
  "#0f766e",
  "#15803d",
  "#a16207",
  "#c2410c",
  "#be123c",
  "#a21caf",
  "#6d28d9",
];

export function colorOf(name: string): string {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return COLORS[sum % COLORS.length] ?? "#4f46e5";
}

/** The first character as people see it, of a name that may begin with an emoji. */
export function initial(name: string): string {
  const [first] = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(name.trim());
  return first?.segment.toLocaleUpperCase() ?? "?";
}

const isAddress = (icon: string): boolean => /^(https?:\/\/|\/|data:image\/)/.test(icon);
const isEmoji = (icon: string): boolean => /\p{Extended_Pictographic}/u.test(icon);

export function Mark({ name, icon, size = 32 }: Props) {
  const box = { width: size, height: size, fontSize: size * 0.46, borderRadius: size / 4 };
  if (icon && isAddress(icon)) return <img className={styles["mark"]} style={box} src={icon} alt="" />;
  if (icon && isEmoji(icon)) {
    return (
      <span
        className={styles["mark"]}
        style={{ ...box, fontSize: size * 0.62 }}
        aria-hidden
        data-letter={icon}
      />
    );
  }
  return (
    <span
      className={styles["mark"]}
      style={{ ...box, backgroundColor: colorOf(name), color: "#fff" }}
      aria-hidden
      data-letter={initial(name)}
    />
  );
}
