import { cleanup } from "@testing-library/react";
import { afterEach, beforeAll, test, vi } from "vitest";
import { show } from "@/components/i18n/i18n";
import { ItemDrawer } from "@/features/menu/ItemDrawer";
import { clientWith } from "@/testing/answers";
import { asBrowser } from "@/testing/browser";
import { press, tellsLate, typeInto } from "@/testing/shown";

/** The first drawing of the components takes long on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
beforeAll(() => {
  asBrowser();
  return show("en");
});
afterEach(cleanup);

test("an entry of the menu that is refused after its form was closed", () =>
  tellsLate(
    clientWith(),
    <ItemDrawer item={null} kind="group" items={[]} onClose={() => undefined} />,
    async () => {
      await typeInto("Title", "Sales");
      await press("Save");
    },
  ));
