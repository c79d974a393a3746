import { cleanup, screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { plugins, type Plugin } from "@/api/queries/administration";
import { show } from "@/components/i18n/i18n";
import { PluginDrawer } from "@/features/plugins/PluginDrawer";
import { clientWith } from "@/testing/answers";
import { asBrowser, asking, changesIn } from "@/testing/browser";
import { press, shown, tellsLate, typeInto } from "@/testing/shown";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const WAIT = { timeout: 60_000 };
beforeAll(() => {
  asBrowser();
  return show("en");
});
afterEach(cleanup);

const drawer = <PluginDrawer plugin={{ name: "mail" } as Plugin} labels={{}} onClose={() => undefined} />;
const client = () => clientWith([plugins.settings("mail").queryKey, { hosts: ["a"], sender: "me" }]);

test("settings that are refused after they were closed", () =>
  tellsLate(client(), drawer, async () => {
    await typeInto("Sender", "you");
    await press("Save");
  }));

test("what is no JSON is told at its field, and not sent", async () => {
  const asked = asking();
  shown(client(), () => drawer);
  await typeInto("Hosts", "[");
  await press("Save");
  await screen.findByText("This is no JSON", {}, WAIT);
  expect(screen.getByLabelText("Hosts").getAttribute("aria-invalid")).toBe("true");
  await typeInto("Hosts", '["b"]');
  await press("Save");
  await expect.poll(() => changesIn(asked).map(({ body }) => body), WAIT).toHaveLength(1);
  expect(JSON.stringify(changesIn(asked)[0]?.body)).toContain('["b"]');
});
