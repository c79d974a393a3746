import { expect, test, vi } from "vitest";
import "@/lib/tab";

test("Tab is kept from lists of several choices alone", () => {
  document.body.innerHTML =
    '<div id="root"><div class="ant-select-multiple"><input id="a"></div><input id="b"></div>';
  const heard = vi.fn();
  document.getElementById("root")?.addEventListener("keydown", heard);
  const press = (id: string, key: string) =>
    document.getElementById(id)?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  press("a", "Tab");
  expect(heard).not.toHaveBeenCalled();
  press("a", "Enter");
  press("b", "Tab");
  expect(heard).toHaveBeenCalledTimes(2);
});
