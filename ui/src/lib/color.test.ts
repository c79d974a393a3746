import { expect, test } from "vitest";
import { COLORS, contrast, ENOUGH, readableOn } from "@/lib/color";

test("contrast is that of the standard", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  expect(contrast("#4f46e5", "#4f46e5")).toBe(1);
});

test.each(["#4f46e5", "#15803d", "#ffff00", "#000000", "#ffffff"])(
  "%s becomes readable, on dark and on light",
  (color) => {
    for (const background of ["#18181b", "#ffffff"]) {
      expect(contrast(readableOn(background, color), background)).toBeGreaterThanOrEqual(ENOUGH);
    }
  },
);

test("what is readable stays as it is", () => {
  expect(readableOn("#ffffff", "#4f46e5")).toBe("#4f46e5");
});

test.each(COLORS)("white letters can be read on %s", (color) =>
  expect(contrast(color, "#ffffff")).toBeGreaterThanOrEqual(ENOUGH),
);
