/**
 * What a browser loads before somebody has signed in and sees the launcher: all scripts and styles that the entry and those
 * pages import, compressed, with the texts of one language. Ends with 1 where that is more than the budget.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import process from "node:process";
import { fileURLToPath, URL } from "node:url";

const BUDGET_BYTES = 400_000;
/** The entry, what it loads by itself until the launcher is there, and the language with the longest texts. */
const FIRST = [
  "src/main.tsx",
  "src/features/auth/SignInPage.tsx",
  "src/features/shell/Shell.tsx",
  "src/features/home/HomePage.tsx",
  "src/locales/fr/index.ts",
];
const dist = fileURLToPath(new URL("../src/insula/web/dist/", import.meta.url));

const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, "utf8"));

/** Bytes as they are sent: of the Brotli file where there is one. */
function size(file) {
  const compressed = `${dist}${file}.br`;
  return statSync(existsSync(compressed) ? compressed : `${dist}${file}`).size;
}

const waiting = [...FIRST];
const seen = new Set(waiting);
const files = new Set();
for (const key of waiting) {
  const chunk = manifest[key];
  if (chunk === undefined)
    throw new Error(`no chunk was built of ${key}: the budget has to name what is loaded first`);
  for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
  for (const imported of chunk.imports ?? []) {
    if (!seen.has(imported)) {
      seen.add(imported);
      waiting.push(imported);
    }
  }
}

const sizes = [...files].map((file) => [size(file), file]).sort(([a], [b]) => b - a);
const total = sizes.reduce((sum, [bytes]) => sum + bytes, 0);
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
const lines = [`sign-in and launcher: ${kilobytes(total)} of ${kilobytes(BUDGET_BYTES)}`];
if (total > BUDGET_BYTES)
  lines.push("too much:", ...sizes.map(([bytes, file]) => `${kilobytes(bytes)} ${file}`));
process.stdout.write(`${lines.join("\n")}\n`);
process.exitCode = total > BUDGET_BYTES ? 1 : 0;
