import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MENDS, mended } from "./read-aloud.ts";

const codeOf = (module: string) => readFileSync(join(import.meta.dirname, "node_modules", module), "utf8");

describe("what the library's parts say", () => {
  it.each(MENDS.map((mend) => [mend.module, mend] as const))("is mended in %s", (module, mend) => {
    const text = mended(codeOf(module), mend);
    for (const [, to] of mend.mends) expect(text).toContain(to);
  });

  it("is not mended where the library has changed", () => {
    for (const mend of MENDS) expect(() => mended("export default 1;", mend)).toThrow(mend.module);
  });

  it("is mended once only", () => {
    const mend = MENDS[0];
    if (!mend) throw new Error("nothing to mend");
    expect(() => mended(mended(codeOf(mend.module), mend), mend)).toThrow(mend.module);
  });
});
