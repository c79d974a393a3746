/** A password that can be told on the telephone: letters that are not mistaken for each other, in groups. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS = 4;
const GROUP = 4;

/** About 79 bits of chance. */
export function suggestPassword(): string {
  const drawn: string[] = [];
  while (drawn.length < GROUPS * GROUP) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    // Bytes beyond the last whole multiple would favour the first letters.
    const letter = byte < LETTERS.length * 8 ? LETTERS[byte % LETTERS.length] : undefined;
    if (letter) drawn.push(letter);
  }
  return Array.from({ length: GROUPS }, (_, at) => drawn.slice(at * GROUP, at * GROUP + GROUP).join("")).join(
    "-",
  );
}
