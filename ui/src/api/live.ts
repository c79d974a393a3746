/** The page's one WebSocket, and what it makes be read anew. */
import { useEffect, useSyncExternalStore } from "react";
import { useQueryClient, type QueryKey } from "@tanstack/react-query";
import { readAnew } from "@/api/anew";
import { boot } from "@/lib/boot";
import { gathered } from "@/lib/gathered";
import { Live, liveUrl, type LiveState, type News } from "@/lib/live";

export const live = new Live(liveUrl(boot.api, location));
window.addEventListener("online", live.retry);

/** A page that nobody looked at for this long may have slept with its machine. */
const SLEPT_MS = 60_000;
let hiddenAt = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenAt = Date.now();
  else if (Date.now() - hiddenAt > SLEPT_MS) live.renew();
});

export const useLiveState = (): LiveState => useSyncExternalStore(live.watch, () => live.state);

/** Read these queries anew whenever something of the topic changes, as long as the component is shown. */
export function useLive(topic: string, ...keys: QueryKey[]): void {
  const client = useQueryClient();
  const watched = JSON.stringify(keys);
  useEffect(() => {
    const keys = JSON.parse(watched) as QueryKey[];
    const renewal = gathered(() => Promise.all(keys.map((queryKey) => readAnew(client, queryKey))));
    const stop = live.listen(topic, renewal.ask);
    return () => {
      stop();
      renewal.cancel();
    };
  }, [topic, watched, client]);
}

/** Hear what is told of a topic, as long as the component is shown. `hear` must be stable (`useCallback`). */
export function useNews(topic: string, hear: (news: News) => void): void {
  useEffect(() => live.listen(topic, hear), [topic, hear]);
}
