import { describe, expect, it } from "vitest";
import { pageWithin } from "@/components/useLastPage";

const found = (rows: number, count?: number, isPlaceholderData = false) => ({
  data: { rows: Array.from({ length: rows }), meta: { count } },
  isPlaceholderData,
});

describe("pageWithin", () => {
  it("stays where there is something, or where nothing is known yet", () => {
    expect(pageWithin(found(5, 105), 6, 20)).toBe(6);
    expect(pageWithin(found(0, 105, true), 99, 20)).toBe(99);
    expect(pageWithin({ data: undefined, isPlaceholderData: false }, 99, 20)).toBe(99);
  });

  it("turns back to the last page there is", () => {
    expect(pageWithin(found(0, 105), 99_999, 20)).toBe(6);
    expect(pageWithin(found(0, 100), 6, 20)).toBe(5);
    expect(pageWithin(found(0, 0), 2, 20)).toBe(1);
    expect(pageWithin(found(0, 105), 3, 20)).toBe(3); // written meanwhile: it is read again
  });

  it("turns back to the first where nobody counts", () => {
    expect(pageWithin(found(0), 7, 20)).toBe(1);
  });
});
