/** Names for the database out of titles for people. */
const LONGEST = 50;

/** `Order lines` → `orderLines`; what has no Latin letters gives nothing, and the server makes a name up. */
export function nameFrom(title: string): string {
  const words = title
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/ß/g, "ss")
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  const joined = words
    .map((word, index) => {
      const rest = word.slice(1);
      return index === 0
        ? word.charAt(0).toLowerCase() + (/[a-z]/.test(rest) ? rest : rest.toLowerCase())
        : word.charAt(0).toUpperCase() + rest;
    })
    .join("")
    .replace(/^[0-9]+/, "");
  return joined.slice(0, LONGEST);
}

/** As the server takes names of collections and fields. */
export const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
