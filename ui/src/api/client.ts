/**
 * Requests to the server. Every error, whatever its origin, is an `ApiProblem` with a code,
 * a message that names what and which, and a hint that says what to do.
 */
import { tellReachable } from "@/api/reach";
import type { Problem } from "@/api/types";
import { connection as words } from "@/words/connection";

export type Query = Record<string, string | number | boolean | null | undefined>;

export class ApiProblem extends Error implements Problem {
  override readonly name = "ApiProblem";
  readonly code: string;
  readonly hint: string;
  /** Status of HTTP; 0 where the server was not reached. */
  readonly status: number;

  constructor(problem: Problem, status: number) {
    super(problem.message);
    this.code = problem.code;
    this.hint = problem.hint;
    this.status = status;
  }
}

export interface Ask {
  query?: Query | undefined;
  body?: unknown;
  /** Sent as it is instead of `body` as JSON. */
  raw?: Blob | undefined;
  signal?: AbortSignal | undefined;
}

const SAFE = ["GET", "HEAD"];
const PROBE_MS = 10_000;
/** A decision goes out though its page is left at once; browsers keep 64 KiB in all. */
const MOST_KEPT_ALIVE = 4096;
const connection = { base: "/", csrf: "" };

/** Where the server is: a path such as "/" or "/pitmark/", or an address in tests. */
export function setBase(base: string): void {
  connection.base = base.endsWith("/") ? base : `${base}/`;
}

/** The token that proves a change comes from this page; see `GET /api/session`. */
export function setCsrf(token: string): void {
  connection.csrf = token;
}

/** The address of a path of the API, with its query. */
export function address(path: string, query: Query = {}): string {
  const told = Object.entries(query).filter(([, v]) => v !== null && v !== undefined);
  const text = new URLSearchParams(told.map(([k, v]) => [k, String(v)])).toString();
  return `${connection.base}${path.replace(/^\//, "")}${text ? `?${text}` : ""}`;
}

export async function call<T>(method: string, path: string, ask: Ask = {}): Promise<T> {
  const answer = await send(method, path, ask);
  if (!answer.ok) throw await problemOf(answer);
  if (answer.status === 204) return undefined as T;
  try {
    return (await answer.json()) as T;
  } catch {
    throw new ApiProblem(
      {
        code: "bad_answer",
        message: words.notJson(`${method} ${path}`),
        hint: words.notJsonHint,
      },
      answer.status,
    );
  }
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  call<T>("GET", path, { query, signal });
export const post = <T>(path: string, body?: unknown): Promise<T> =>
  call<T>("POST", path, { body });
export const put = <T>(path: string, body?: unknown): Promise<T> =>
  call<T>("PUT", path, { body });
export const patch = <T>(path: string, body?: unknown): Promise<T> =>
  call<T>("PATCH", path, { body });
export const del = <T = void>(path: string): Promise<T> => call<T>("DELETE", path);

/** What a page shows for anything that was thrown. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof ApiProblem) return thrown;
  return {
    code: "page",
    message: thrown instanceof Error ? thrown.message : String(thrown),
    hint: words.pageHint,
  };
}

async function send(method: string, path: string, ask: Ask): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" });
  if (!SAFE.includes(method) && connection.csrf) headers.set("X-Pitmark-CSRF", connection.csrf);
  let body: BodyInit | null = ask.raw ?? null;
  if (ask.body !== undefined) {
    headers.set("Content-Type", "application/json");
    body = JSON.stringify(ask.body);
  } else if (ask.raw) {
    headers.set("Content-Type", "application/octet-stream");
  }
  try {
    const answer = await fetch(address(path, ask.query), {
      method,
      headers,
      body,
      signal: ask.signal ?? null,
      credentials: "same-origin",
      keepalive: typeof body === "string" && body.length <= MOST_KEPT_ALIVE,
    });
    tellReachable(true, probe);
    return answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    tellReachable(false, probe);
    throw new ApiProblem(
      {
        code: "unreachable",
        message: words.silent,
        hint: words.silentHint,
      },
      0,
    );
  }
}

async function probe(): Promise<boolean> {
  // A question that hangs must not be the last one.
  const signal = AbortSignal.timeout(PROBE_MS);
  try {
    const answer = await fetch(address("api/health"), { credentials: "same-origin", signal });
    return answer.status < 500;
  } catch {
    return false;
  }
}

async function problemOf(answer: Response): Promise<ApiProblem> {
  const body: unknown = await answer.json().catch(() => null);
  if (isProblem(body)) return new ApiProblem({ ...body, hint: body.hint ?? "" }, answer.status);
  const message = words.answered(`${answer.status} ${answer.statusText}`.trim());
  return new ApiProblem({ code: "error", message, hint: "" }, answer.status);
}

function isProblem(body: unknown): body is Problem {
  return (
    typeof body === "object" &&
    body !== null &&
    typeof (body as Problem).code === "string" &&
    typeof (body as Problem).message === "string"
  );
}
