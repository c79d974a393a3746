import { describe, expect, test, vi } from "vitest";
import { cookie } from "@/lib/cookies";
import { chooseLanguage, languageOf } from "@/lib/languages";
import { liveUrl, Live, type News } from "@/lib/live";
import { visitUrl } from "@/lib/visit";

describe("cookie", () => {
  test("finds one by its whole name, decoded", () => {
    const all = "nb_role_main=x; nb_page_csrf_token_main=a%2Bb; other=1";
    expect(cookie("nb_page_csrf_token_main", all)).toBe("a+b");
    expect(cookie("page_csrf_token_main", all)).toBeNull();
  });
});

describe("languages", () => {
  test("a regional wish is met by its language", () => {
    expect(languageOf("fr-CA")).toBe("fr");
    expect(languageOf("zh_TW")).toBe("zh");
    expect(languageOf("de")).toBeNull();
  });
  test("the first wish that can be met is taken, English where none can", () => {
    expect(chooseLanguage(null, "de-DE", "es-MX", "fr")).toBe("es");
    expect(chooseLanguage("de", undefined)).toBe("en");
  });
});

test("the WebSocket stands beside the API", () => {
  expect(liveUrl("/api/__app/shop/", { protocol: "https:", host: "example.com" })).toBe(
    "wss://example.com/api/__app/shop/ws",
  );
});

class Wire {
  static all: Wire[] = [];
  sent: unknown[] = [];
  onmessage: (event: { data: string }) => void = () => undefined;
  onclose: (event: { code: number }) => void = () => undefined;
  constructor(readonly url: string) {
    Wire.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.onclose({ code: 1000 });
  }
  says(message: object): void {
    this.onmessage({ data: JSON.stringify(message) });
  }
}

describe("live", () => {
  function opened(): { live: Live; told: News[]; wire: Wire; stop: () => void } {
    Wire.all = [];
    vi.stubGlobal("WebSocket", Wire);
    vi.useFakeTimers();
    const live = new Live("ws://here/api/ws");
    const told: News[] = [];
    const stop = live.listen("jobs", (news) => told.push(news));
    const wire = Wire.all[0];
    if (!wire) throw new Error("nothing was connected");
    wire.says({ type: "ready" });
    return { live, told, wire, stop };
  }

  test("subscribes once it is ready, tells what changes, and unsubscribes with the last listener", () => {
    const { live, told, wire, stop } = opened();
    expect(live.state).toBe("open");
    wire.says({ type: "changed", topic: "jobs", action: "update", keys: [7] });
    expect(told).toMatchObject([{ topic: "jobs", keys: [7] }]);
    stop();
    expect(wire.sent).toEqual([{ subscribe: ["jobs"] }, { unsubscribe: ["jobs"] }]);
  });

  test("has read anew what may have changed before the server told of it", () => {
    const { told, wire } = opened();
    expect(told).toEqual([]);
    wire.says({ type: "subscribed", topics: ["jobs"] });
    expect(told).toEqual([{ topic: "jobs", action: "missed" }]);
  });

  test("comes back after a loss, and has everything read anew", () => {
    const { live, told, wire } = opened();
    wire.onclose({ code: 1006 });
    expect(live.state).toBe("lost");
    vi.advanceTimersByTime(1000);
    const second = Wire.all[1];
    second?.says({ type: "ready" });
    expect(second?.sent).toEqual([{ subscribe: ["jobs"] }]);
    expect(live.state).toBe("open");
    second?.says({ type: "subscribed", topics: ["jobs"] });
    expect(told).toEqual([{ topic: "jobs", action: "missed" }]);
  });

  test("is renewed after a sleep, and has everything read anew", () => {
    const { live, told, wire } = opened();
    live.renew();
    expect(Wire.all).toHaveLength(2);
    wire.says({ type: "changed", topic: "jobs", action: "update" });
    expect(told).toEqual([]);
    Wire.all[1]?.says({ type: "ready" });
    Wire.all[1]?.says({ type: "subscribed", topics: ["jobs"] });
    expect(told).toEqual([{ topic: "jobs", action: "missed" }]);
  });

  test("does not insist once nobody is signed in", () => {
    const { live, wire } = opened();
    wire.onclose({ code: 4401 });
    vi.advanceTimersByTime(60_000);
    expect(live.state).toBe("idle");
    expect(Wire.all).toHaveLength(1);
  });
});

test("an application is visited by the host of the page, or by its own domain, in an environment where one is named", () => {
  expect(visitUrl("https://apps.example.com/apps/shop/admin/", false)).toBe("/apps/shop/admin/");
  expect(visitUrl("https://shop.example.com/admin/", true)).toBe("//shop.example.com/admin/");
  expect(visitUrl("http://localhost:13000/apps/shop/admin/", false, "east 1")).toBe(
    "/apps/shop/admin/?__environment=east%201",
  );
});
