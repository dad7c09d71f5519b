/** Calls of the public API, with the cookies of the session. */
const API = "/api/v1";
const TIMEOUT = 30_000;
/** A file takes longer than a form. */
const FILE_TIMEOUT = 120_000;
const MAX_RETRY_AFTER = 3600; // the login pages of some networks ask for a day
/** How many seconds a call waits at most for a server that is overloaded. */
const PATIENCE = 20;
/** The problems of a server that has too much to do for a moment. */
const OVERLOADS = ["overloaded", "too-many-passwords"];
/** Behind TLS, only this host can set its cookies. */
const PREFIX = location.protocol === "https:" ? "__Host-" : "";
const ACCESS = `${PREFIX}csrf_access_token`;
const REFRESH = `${PREFIX}csrf_refresh_token`;
/** What works without a session. */
const OPEN = ["/auth/login", "/auth/invitation", "/auth/password", "/auth/password-reset"];

/**
 * The API rejected a request, for the reason in `status`, `code`, `detail`, `errors` and `wait` (seconds).
 */
export class Problem extends Error {
  constructor(response, body) {
    super(body.detail ?? body.title ?? `HTTP ${response.status}`);
    this.status = response.status;
    this.code = (body.type ?? "").split("/").pop();
    this.detail = this.message;
    this.errors = body.errors ?? [];
    this.wait = secondsUntil(response.headers.get("Retry-After"));
  }
}

/** No complete response arrived. Whether the server has processed the request is unknown. */
export class NoSignal extends Error {}

function secondsUntil(retryAfter) {
  if (retryAfter === null) return null;
  const seconds = /^\d+$/.test(retryAfter) ? +retryAfter : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), MAX_RETRY_AFTER) : null;
}

/**
 * Calls the API and returns the response: its status, its headers, and its JSON, or its text if it is CSV. A
 * body that is a Blob is sent as it is. An expired session is refreshed once. If the server is overloaded, waits
 * as long as it orders and calls again, for PATIENCE in all. That is safe, because it has done nothing yet.
 */
export async function call(method, path, body, headers) {
  for (let waited = 0; ;) {
    try {
      return await callOnce(method, path, body, headers);
    } catch (problem) {
      // Pages that were told the same do not come back at the same moment.
      const wait = problem.wait + Math.random();
      if (!OVERLOADS.includes(problem.code) || waited + wait > PATIENCE) throw problem;
      waited += wait;
      await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
    }
  }
}

/** Calls the API as `call` does, without waiting for an overloaded server. */
export async function callOnce(method, path, body, headers = {}) {
  const isOpen = OPEN.includes(path);
  const token = cookie(ACCESS);
  if (!isOpen) requireSession();
  const response = await send(method, path, body, { ...headers, ...csrfHeader(method) });
  if (response.status !== 401 || isOpen || !(await refresh(token))) return parse(response);
  return parse(await send(method, path, body, { ...headers, ...csrfHeader(method) }));
}

/** Throws a problem with 401 if no session is open on this device. */
export function requireSession() {
  if (!cookie(ACCESS)) throw new Problem({ status: 401, headers: new Headers() }, {});
}

/** Returns the header with the CSRF token, which only a page of this server can read from its cookie. */
const csrfHeader = (method) => (method === "GET" ? {} : { "X-CSRF-TOKEN": cookie(ACCESS) });

async function send(method, path, body, headers) {
  const abort = new AbortController();
  const isFile = body instanceof Blob;
  const timer = setTimeout(() => abort.abort(), isFile ? FILE_TIMEOUT : TIMEOUT);
  const options = { method, headers, signal: abort.signal };
  if (isFile)
    options.body = body; // its type is the content type
  else if (body !== undefined) {
    options.headers = { ...headers, "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  try {
    const response = await fetch(API + path, options);
    return {
      status: response.status,
      headers: response.headers,
      ok: response.ok,
      text: await response.text(),
    };
  } catch (error) {
    throw new NoSignal(error.message);
  } finally {
    clearTimeout(timer);
  }
}

function parse(response) {
  if (response.ok && response.headers.get("Content-Type")?.startsWith("text/csv"))
    return { status: response.status, headers: response.headers, body: response.text };
  let body = null;
  try {
    body = response.text ? JSON.parse(response.text) : null;
  } catch {
    // The login page of a network, not a response of the API.
    if (response.ok) throw new NoSignal("not JSON");
  }
  if (!response.ok) throw new Problem(response, body ?? {});
  return { status: response.status, headers: response.headers, body };
}

/** Renews the tokens, one tab at a time. If another tab has already renewed them, there is nothing to do. */
function refresh(token) {
  return navigator.locks.request("refresh", async () => {
    if (cookie(ACCESS) !== token) return true;
    const response = await send("POST", "/auth/refresh", undefined, { "X-CSRF-TOKEN": cookie(REFRESH) });
    if (response.status >= 500 || response.status === 429) parse(response);
    return response.ok;
  });
}

function cookie(name) {
  const prefix = `${name}=`;
  return (
    document.cookie
      .split("; ")
      .find((pair) => pair.startsWith(prefix))
      ?.slice(prefix.length) ?? ""
  );
}

/**
 * Signs in. `organization` is needed if the address belongs to accounts of several organizations, and `code` if
 * the account has a second factor.
 */
export async function signIn({ email, password, organization, code }) {
  await call("POST", "/auth/login", {
    email,
    password,
    cookies: true,
    ...(organization && { organization }),
    ...(code && { code }),
  });
}

/** Ends the session on this device, even without a signal. Returns what is needed to end it on the server. */
export function dropSession() {
  const session = { access: cookie(ACCESS), refresh: cookie(REFRESH) };
  for (const name of [ACCESS, REFRESH])
    document.cookie = `${name}=; path=/; max-age=0${PREFIX && "; secure"}`;
  return session.access ? session : null;
}

/** Signs out. A session that has already ended is not an error. */
export async function signOut() {
  try {
    await call("POST", "/auth/logout");
  } catch (problem) {
    if (problem.status !== 401) throw problem;
  }
}

/** Ends a dropped session on the server. Its cookies are still there, unless someone has signed in since. */
export async function endDroppedSession({ access, refresh: renewal }) {
  if (cookie(ACCESS)) return;
  const response = await send("POST", "/auth/logout", undefined, { "X-CSRF-TOKEN": access });
  if (response.status !== 401) {
    parse(response);
    return;
  }
  const renewed = await send("POST", "/auth/refresh", undefined, { "X-CSRF-TOKEN": renewal });
  if (renewed.ok) await call("POST", "/auth/logout");
}
