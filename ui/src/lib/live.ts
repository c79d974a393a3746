/**
 * One WebSocket per page, over which the server tells what changes (docs/reference/live.md).
 *
 * Topics are subscribed to while somebody listens. When the connection is lost it is tried again with growing
 * pauses. Each time the server begins to tell of a topic, its listeners are told to read anew: what changed since
 * they have read, nobody knows.
 */
export interface News {
  topic: string;
  action: "create" | "update" | "destroy" | "missed";
  /** Of the records that changed; absent where everything is to be read anew. */
  keys?: (string | number)[];
  /** Of the topic `jobs`: the jobs as they are now. */
  rows?: Record<string, unknown>[];
}

type Message = { type: string; topics?: string[] } & News;

export type LiveState = "idle" | "connecting" | "open" | "lost";
type Listener = (news: News) => void;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** Closed with this code: nobody is signed in any more. */
const SIGN_IN = 4401;

export class Live {
  #url: string;
  #socket: WebSocket | null = null;
  #listeners = new Map<string, Set<Listener>>();
  #watchers = new Set<() => void>();
  #state: LiveState = "idle";
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ready = false;

  constructor(url: string) {
    this.#url = url;
  }

  get state(): LiveState {
    return this.#state;
  }

  /** Be told when the state changes; answers how to stop that. */
  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Listen to a topic; answers how to stop that. */
  listen(topic: string, listener: Listener): () => void {
    const all = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, all.add(listener));
    if (all.size === 1 && this.#ready) this.#say({ subscribe: [topic] });
    if (!this.#socket && this.#timer === undefined) this.#connect();
    return () => {
      all.delete(listener);
      if (all.size > 0 || this.#listeners.get(topic) !== all) return;
      this.#listeners.delete(topic);
      if (this.#ready) this.#say({ unsubscribe: [topic] });
    };
  }

  /** Try again now: after signing in, or when the browser says that it is on line again. */
  readonly retry = (): void => {
    this.#tries = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#socket && this.#listeners.size > 0) this.#connect();
  };

  /** Connect anew: after a sleep a connection may be dead without anybody having said so. */
  readonly renew = (): void => {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    this.#ready = false;
    socket.close();
    this.retry();
  };

  #connect(): void {
    this.#timer = undefined;
    this.#ready = false;
    if (this.#state !== "lost") this.#become("connecting");
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onmessage = (event) => this.#hear(socket, JSON.parse(String(event.data)) as Message);
    socket.onclose = (event) => this.#closed(socket, event.code);
  }

  #hear(socket: WebSocket, message: Message): void {
    if (socket !== this.#socket) return;
    if (message.type === "ready") {
      this.#ready = true;
      this.#tries = 0;
      this.#become("open");
      if (this.#listeners.size > 0) this.#say({ subscribe: [...this.#listeners.keys()] });
    } else if (message.type === "subscribed") {
      for (const topic of message.topics ?? []) this.#tell({ topic, action: "missed" });
    } else if (message.type === "changed") this.#tell(message);
  }

  #tell(news: News): void {
    for (const listener of this.#listeners.get(news.topic) ?? []) listener(news);
  }

  #closed(socket: WebSocket, code: number): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#ready = false;
    if (code === SIGN_IN) {
      this.#become("idle");
      return;
    }
    this.#become("lost");
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#tries++);
    this.#timer = setTimeout(() => this.#connect(), pause * (0.5 + Math.random() / 2));
  }

  #say(what: { subscribe?: string[]; unsubscribe?: string[] }): void {
    this.#socket?.send(JSON.stringify(what));
  }

  #become(state: LiveState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }
}

/** The address of the WebSocket beside an API path. */
export function liveUrl(api: string, place: Pick<Location, "protocol" | "host">): string {
  return `${place.protocol === "https:" ? "wss" : "ws"}://${place.host}${api}ws`;
}
