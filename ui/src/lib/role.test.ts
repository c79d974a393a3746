import { expect, test, vi } from "vitest";
import { endRole, roleChosenElsewhere } from "@/lib/role";

/** A tab of the same browser, as far as they hear one another: what one says all others hear. */
class Tab {
  static all = new Set<Tab>();
  onmessage: (() => void) | null = null;

  constructor(readonly name: string) {
    Tab.all.add(this);
  }

  postMessage(): void {
    for (const other of Tab.all) if (other !== this && other.name === this.name) other.onmessage?.();
  }

  close(): void {
    Tab.all.delete(this);
  }
}

test("other tabs are told that a role was chosen, as long as they listen", () => {
  vi.stubGlobal("BroadcastChannel", Tab);
  const told = vi.fn();
  const stop = roleChosenElsewhere(told);
  endRole();
  expect(told).toHaveBeenCalledOnce();
  stop();
  endRole();
  expect(told).toHaveBeenCalledOnce();
  expect(Tab.all.size).toBe(0);
});
