import { cleanup, screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { entrances } from "@/api/queries/access";
import { show } from "@/components/i18n/i18n";
import { EntrancesCard } from "@/features/access/EntrancesCard";
import { clientWith } from "@/testing/answers";
import { asBrowser, asking } from "@/testing/browser";
import { press, shown } from "@/testing/shown";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const WAIT = { timeout: 60_000 };
beforeAll(() => {
  asBrowser();
  return show("en");
});
afterEach(cleanup);

test("that the applications to choose from can not be read is said, and is tried again", async () => {
  const asked = asking();
  const role = "member";
  const rows = [{ role, applications: [], fixed: false }];
  shown(clientWith([entrances.roles().queryKey, rows]), () => <EntrancesCard role={role} />);
  await expect.poll(() => asked.length, WAIT).toBe(1);
  asked[0]?.refuse("The list can not be read.");
  const told = await screen.findByRole("alert", {}, WAIT);
  expect(told.textContent).toContain("The list can not be read.");
  await press("Try again");
  await expect.poll(() => asked.length, WAIT).toBe(2);
  asked[1]?.answer({ data: [{ name: "shop", displayName: "Shop" }] });
  await expect.poll(() => screen.queryByRole("alert"), WAIT).toBeNull();
});
