/** The public API, with the cookies of the session. */
const API = "/api/v1";
const TIMEOUT = 30_000;
const LONGEST_RETRY_AFTER = 3600; // some networks' own pages ask for a day
const ACCESS = "csrf_access_token";
const REFRESH = "csrf_refresh_token";

/** The API rejected a request: `status`, `code`, `detail`, `errors` and `wait` (seconds) say why. */
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

/** No response came, or only a part of one: what became of the request is unknown. */
export class NoSignal extends Error {}

function secondsUntil(retryAfter) {
  if (retryAfter === null) return null;
  const seconds = /^\d+$/.test(retryAfter) ? +retryAfter : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), LONGEST_RETRY_AFTER) : null;
}

/**
 * Calls the API and returns the response's status, headers and JSON; an expired session is refreshed once.
 */
export async function call(method, path, body, headers = {}) {
  const isLogin = path === "/auth/login";
  const token = cookie(ACCESS);
  // Without a session there is nothing to ask for; only the login needs none.
  if (!token && !isLogin) throw new Problem({ status: 401, headers: new Headers() }, {});
  const response = await send(method, path, body, { ...headers, ...csrfHeader(method) });
  if (response.status !== 401 || isLogin || !(await refresh(token))) return parse(response);
  return parse(await send(method, path, body, { ...headers, ...csrfHeader(method) }));
}

/** Returns the header that only a page of this server can send: it repeats the cookie. */
const csrfHeader = (method) => (method === "GET" ? {} : { "X-CSRF-TOKEN": cookie(ACCESS) });

async function send(method, path, body, headers) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT);
  const options = { method, headers, signal: abort.signal };
  if (body !== undefined) {
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
  let body = null;
  try {
    body = response.text ? JSON.parse(response.text) : null;
  } catch {
    // A page of some network, not the API's response.
    if (response.ok) throw new NoSignal("not JSON");
  }
  if (!response.ok) throw new Problem(response, body ?? {});
  return { status: response.status, headers: response.headers, body };
}

/** Gets a new pair of tokens, one tab at a time: the second tab finds that the first has done it. */
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

/** Signs in; where several organizations know the address, one of them has to be named. */
export async function signIn(email, password, organization) {
  await call("POST", "/auth/login", {
    email,
    password,
    cookies: true,
    ...(organization && { organization }),
  });
}

/** Ends the session on this device, also without a signal. Returns what ends it on the server. */
export function dropSession() {
  const session = { access: cookie(ACCESS), refresh: cookie(REFRESH) };
  for (const name of [ACCESS, REFRESH]) document.cookie = `${name}=; path=/; max-age=0`;
  return session.access ? session : null;
}

/** Signs out; a session that has ended already is as good. */
export async function signOut() {
  try {
    await call("POST", "/auth/logout");
  } catch (problem) {
    if (problem.status !== 401) throw problem;
  }
}

/** Ends a dropped session on the server. Its cookies are still there, unless somebody has signed in since. */
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
