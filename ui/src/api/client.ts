/** Requests to the API of this application. One function; what goes wrong is an `ApiError`. */
import { boot } from "@/lib/boot";
import { cookie } from "@/lib/cookies";

/** One error of an answer: code, sentence, and what it names, such as `field`. */
export type ErrorEntry = { code: string; message: string } & Record<string, unknown>;

/** An answer that is an error, of the application or of the gateway before it. */
export class ApiError extends Error {
  readonly status: number;
  /** Stable: see docs/reference/errors.md. `NETWORK` where no answer came. */
  readonly code: string;
  readonly requestId: string | null;
  /** What else the error says, such as `field`. */
  readonly details: Record<string, unknown>;
  /** Each of the errors that the answer has; this is the first. */
  readonly all: readonly ErrorEntry[];

  constructor(
    status: number,
    code: string,
    message: string,
    requestId: string | null = null,
    details: Record<string, unknown> = {},
    all: readonly ErrorEntry[] = [{ code, message, ...details }],
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.details = details;
    this.all = all;
  }

  /** The first of them. */
  get entry(): ErrorEntry {
    return this.all[0] ?? { code: this.code, message: this.message, ...this.details };
  }
}

export interface Meta {
  count?: number;
  hasNext?: boolean;
  page: number;
  pageSize: number;
  totalPage?: number;
}

/** What every successful answer is. */
export interface Envelope<T> {
  data: T;
  meta?: Meta;
}

export type Query = Record<string, string | number | boolean | readonly string[] | object | null | undefined>;

export interface Asked {
  query?: Query | undefined;
  /** Sent as JSON; a `FormData` or `Blob` as it is. */
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** Whose API: this application's, where nothing is said. */
  api?: string | undefined;
}

let language = "en-US";

/** From now on answers are asked for in this language. */
export function speak(tag: string): void {
  language = tag;
}

/** Path and query of an action: `applications:get`, `collections/orders/fields:create`, key where there is one. */
export function address(action: string, query: Query = {}, api: string = boot.api): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    if (Array.isArray(value)) search.set(name, value.join(","));
    else search.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  const text = search.toString();
  return `${api}${action}${text && `?${text}`}`;
}

/** What every request says of who asks, in which language, and that it comes from this page. */
export function headers(method: string, body: unknown): Headers {
  const all = new Headers({ Accept: "application/json", "X-Locale": language });
  all.set("X-Timezone", Intl.DateTimeFormat().resolvedOptions().timeZone);
  if (method !== "GET") {
    const proof = cookie(`nb_page_csrf_token_${boot.app}`);
    if (proof) all.set("X-CSRF-Token", proof);
  }
  if (body !== undefined && !(body instanceof FormData) && !(body instanceof Blob)) {
    all.set("Content-Type", "application/json");
  }
  return all;
}

/** What an answer that is no success says. */
export function failure(status: number, fallback: string, requestId: string | null, body: string): ApiError {
  let said: { errors?: Partial<ErrorEntry>[]; error?: Partial<ErrorEntry> } | null;
  try {
    said = JSON.parse(body) as typeof said;
  } catch {
    return new ApiError(status, "UNKNOWN", fallback, requestId);
  }
  const entries = said?.errors ?? (said?.error ? [said.error] : []);
  const all = entries.map((entry) => ({ code: "UNKNOWN", message: fallback, ...entry }));
  const { code, message, ...details } = all[0] ?? { code: "UNKNOWN", message: fallback };
  return new ApiError(status, code, message, requestId, details, all);
}

const failed = async (answer: Response): Promise<ApiError> =>
  failure(answer.status, answer.statusText, answer.headers.get("X-Request-Id"), await answer.text());

/** The raw answer of an action. Raises `ApiError`; what is aborted raises the browser's `AbortError`. */
export async function send(method: "GET" | "POST", action: string, asked: Asked = {}): Promise<Response> {
  const { body } = asked;
  const plain = body === undefined || body instanceof FormData || body instanceof Blob;
  let answer: Response;
  try {
    answer = await fetch(address(action, asked.query, asked.api), {
      method,
      headers: headers(method, body),
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: plain ? body : JSON.stringify(body) }),
      ...(asked.signal ? { signal: asked.signal } : {}),
    });
  } catch (error) {
    if (asked.signal?.aborted) throw error;
    throw new ApiError(0, "NETWORK", "The server could not be reached.");
  }
  if (!answer.ok) throw await failed(answer);
  return answer;
}

async function whole(answer: Promise<Response>): Promise<Envelope<unknown>> {
  const got = await answer;
  return got.status === 204 ? { data: null } : ((await got.json()) as Envelope<unknown>);
}

/** Read: the answer's `data`. */
export async function read<T>(action: string, asked?: Asked): Promise<T> {
  return (await whole(send("GET", action, asked))).data as T;
}

/** Read a list by pages: `data` and `meta`. */
export async function list<T>(action: string, asked?: Asked): Promise<{ rows: T[]; meta: Meta }> {
  const { data, meta } = (await whole(send("GET", action, asked))) as Envelope<T[]>;
  return { rows: data, meta: meta ?? { count: data.length, page: 1, pageSize: data.length, totalPage: 1 } };
}

/** Write: the answer's `data`. */
export async function write<T>(action: string, asked?: Asked): Promise<T> {
  return (await whole(send("POST", action, asked))).data as T;
}

/** An action of one record: `key("applications:get", "shop")`. */
export const key = (action: string, of: string | number): string => `${action}/${encodeURIComponent(of)}`;
