import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import type { Collection } from "@/api/metadata";
import type { Rights } from "@/api/types";
import { isListed, rightsOn } from "@/components/collectionRights";
import { colorOf, initial } from "@/components/Mark";
import { MenuIcon } from "@/components/MenuIcon";
import { allows, holds } from "@/components/rights";

const rights: Rights = {
  role: "member",
  strategy: { actions: ["view", "update:own"] },
  actions: { "orders:create": {} },
  resources: ["orders"],
  snippets: ["pm.*", "!pm.users", "ui.menu"],
  allowAll: false,
  allowConfigure: false,
};

test("snippets are held by name or pattern, and taken away by !", () => {
  expect(holds(rights, "pm.acl.roles")).toBe(true);
  expect(holds(rights, "ui.menu")).toBe(true);
  expect(holds(rights, "pm.users")).toBe(false);
  expect(holds(rights, "app")).toBe(false);
  expect(holds(undefined, "app")).toBe(false);
  expect(holds({ ...rights, allowAll: true }, "app")).toBe(true);
});

test("a role without a strategy may nothing of what has no setting", () => {
  for (const strategy of [{}, { actions: null }]) {
    expect(allows({ ...rights, strategy }, "people", "view")).toBe(false);
    expect(allows({ ...rights, strategy }, "orders", "create")).toBe(true);
  }
});

test("a collection's own permissions stand before the general ones", () => {
  expect(allows(rights, "orders", "create")).toBe(true);
  expect(allows(rights, "orders", "view")).toBe(false);
  expect(allows(rights, "people", "view")).toBe(true);
  expect(allows(rights, "people", "update")).toBe(true);
  expect(allows(rights, "people", "destroy")).toBe(false);
});

test("a name without an icon gets its first character, always on the same colour", () => {
  expect(initial("  shop")).toBe("S");
  expect(initial("👩‍🚀 crew")).toBe("👩‍🚀");
  expect(initial("")).toBe("?");
  expect(colorOf("shop")).toBe(colorOf("shop"));
});

test("a picture of a menu that nobody knows is that of its kind, whatever it is called", () => {
  const picture = (icon: string | null) =>
    renderToStaticMarkup(createElement(MenuIcon, { icon, kind: "link" }));
  for (const icon of ["", "nothing", "constructor", "toString"]) expect(picture(icon)).toBe(picture(null));
  expect(picture("home")).not.toBe(picture(null));
});

describe("rights on a collection", () => {
  const collection = (name: string, more: Partial<Collection> = {}): Collection => ({
    key: name,
    name,
    title: name,
    description: null,
    hidden: false,
    template: "general",
    from: "db",
    filterTargetKey: "id",
    fields: [],
    ...more,
  });
  const limited: Rights = {
    ...rights,
    actions: { "orders:view": { fields: ["title"], own: false }, "orders:update": { fields: [], own: true } },
  };

  test("fields that are not listed are not covered, the key always is", () => {
    const { may, mayField } = rightsOn(limited, collection("orders"), 7);
    expect(may("view")).toBe(true);
    expect(may("destroy")).toBe(false);
    expect(mayField("view", "title")).toBe(true);
    expect(mayField("view", "id")).toBe(true);
    expect(mayField("view", "price")).toBe(false);
    expect(mayField("update", "price")).toBe(true);
  });
  test("own records are told from those of others", () => {
    for (const name of ["orders", "tasks"]) {
      const { mayOn } = rightsOn(limited, collection(name), 7);
      expect(mayOn("update", { createdById: 7 })).toBe(true);
      expect(mayOn("update", { createdById: 8 })).toBe(false);
      expect(mayOn("destroy", { createdById: 7 })).toBe(false);
    }
  });
  test("people and roles are written on pages of their own, even by root", () => {
    const users = rightsOn({ ...rights, allowAll: true }, collection("users", { from: "code" }), 7);
    expect(users.may("view")).toBe(true);
    expect(users.may("update")).toBe(false);
  });
  test("files are taken out by their own right, and brought into what people made", () => {
    const settings = collection("settings", { from: "code" });
    const may = (held: Partial<Rights>, of: Collection) => {
      const on = rightsOn({ ...rights, ...held }, of, 7);
      return (["export", "import"] as const).filter(on.may);
    };
    expect(may({}, collection("tasks"))).toEqual([]);
    expect(may({ strategy: { actions: ["view", "export", "import"] } }, collection("tasks"))).toEqual([
      "export",
      "import",
    ]);
    expect(may({ actions: { "orders:export": {} } }, collection("orders"))).toEqual(["export"]);
    // Of built-in collections a snippet decides, whatever the strategy says, and root only takes files out.
    expect(may({ snippets: ["pm.settings"] }, settings)).toEqual(["export"]);
    expect(may({ snippets: [], strategy: { actions: ["export", "import"] } }, settings)).toEqual([]);
    expect(may({ allowAll: true }, settings)).toEqual(["export"]);
  });
  test("built-in and hidden collections do not stand in the navigation", () => {
    expect(isListed(limited, collection("orders"))).toBe(true);
    expect(isListed(limited, collection("between", { hidden: true }))).toBe(false);
    expect(isListed({ ...rights, allowAll: true }, collection("users", { from: "code" }))).toBe(false);
  });
});
