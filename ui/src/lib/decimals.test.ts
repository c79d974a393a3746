import { expect, test } from "vitest";
import { decimalText, fromPercent, toPercent, wholeNumber } from "@/lib/decimals";

test("decimals keep every digit, and have at least those of their scale", () => {
  expect(decimalText("12345678901234567.89", "en-US", 2)).toBe("12,345,678,901,234,567.89");
  expect(decimalText("5", "en-US", 2)).toBe("5.00");
  expect(decimalText("5.500000", "en-US")).toBe("5.5");
  expect(decimalText("-1.234500", "fr-FR", 2)).toBe("-1,2345");
  expect(decimalText("n/a", "en-US")).toBe("n/a");
});

test("whole numbers stay text beyond what JavaScript holds", () => {
  expect(wholeNumber("12")).toBe(12);
  expect(wholeNumber("9007199254740995")).toBe("9007199254740995");
});

test("percents come out as they were written", () => {
  expect(toPercent(0.07)).toBe(7);
  expect(fromPercent(7)).toBe(0.07);
  expect(fromPercent(toPercent(0.285))).toBe(0.285);
});
