/** The picture of an application: its icon, or the first letter of its name on a colour that is always the same. */
import { COLORS, DEFAULT_COLOR } from "@/lib/color";
import styles from "@/components/Mark.module.css";

interface Props {
  name: string;
  /** An emoji, or the address of a picture. */
  icon?: string | null | undefined;
  size?: number;
}

export function colorOf(name: string): string {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return COLORS[sum % COLORS.length] ?? DEFAULT_COLOR;
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
