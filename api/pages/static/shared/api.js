/** The public API, with the cookies of the session. */
const API = "/api/v1";
const SECONDS = 30;

/** The API said no; `status`, `code`, `detail`, `errors` and `wait` (seconds) say why. */
export class Problem extends Error {
  constructor(answer, body) {
    super(body.detail ?? body.title ?? `HTTP ${answer.status}`);
    const wait = answer.headers.get("Retry-After");
    this.status = answer.status;
    this.code = (body.type ?? "").split("/").pop();
    this.detail = this.message;
    this.errors = body.errors ?? [];
    this.wait = wait === null ? null : /^\d+$/.test(wait) ? +wait : Math.max(0, (Date.parse(wait) - Date.now()) / 1000);
  }
}

/** No answer came, or only a part of one: nobody knows what became of the request. */
export class NoSignal extends Error {}

/** Calls the API and returns the answer's status, headers and JSON; an expired session is refreshed once. */
export async function call(method, path, body, headers = {}) {
  const used = cookie("csrf_access_token");
  // Without a session there is nothing to ask; only signing in needs none.
  if (!used && path !== "/auth/login") throw new Problem({ status: 401, headers: new Headers() }, {});
  const answer = await send(method, path, body, { ...headers, ...proof(method) });
  if (answer.status !== 401 || path === "/auth/login" || !(await refreshed(used))) return checked(answer);
  return checked(await send(method, path, body, { ...headers, ...proof(method) }));
}

/** What only a page of ours can send: the cookie's twin. */
const proof = (method) => (method === "GET" ? {} : { "X-CSRF-TOKEN": cookie("csrf_access_token") });

async function send(method, path, body, headers) {
  const options = { method, headers, signal: AbortSignal.timeout(SECONDS * 1000) };
  if (body !== undefined) {
    options.headers = { ...headers, "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  try {
    const answer = await fetch(API + path, options);
    return { status: answer.status, headers: answer.headers, ok: answer.ok, text: await answer.text() };
  } catch (error) {
    throw new NoSignal(error.message);
  }
}

function checked(answer) {
  let body = null;
  try {
    body = answer.text ? JSON.parse(answer.text) : null;
  } catch {
    // A page of some network's own, not the API's answer.
    if (answer.ok) throw new NoSignal("no JSON");
  }
  if (!answer.ok) throw new Problem(answer, body ?? {});
  return { status: answer.status, headers: answer.headers, body };
}

/** Gets a new pair of tokens, one tab at a time: the second finds that the first has done it. */
function refreshed(used) {
  return navigator.locks.request("refresh", async () => {
    if (cookie("csrf_access_token") !== used) return true;
    const answer = await send("POST", "/auth/refresh", undefined, { "X-CSRF-TOKEN": cookie("csrf_refresh_token") });
    if (answer.status >= 500 || answer.status === 429) checked(answer);
    return answer.ok;
  });
}

const cookie = (name) => document.cookie.split("; ").find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";

/** Signs in; where several organizations know the address, one of them has to be named. */
export async function signIn(email, password, organization) {
  await call("POST", "/auth/login", { email, password, cookies: true, ...(organization && { organization }) });
}

/** Signs out; a session that has ended already is as good. */
export async function signOut() {
  try {
    await call("POST", "/auth/logout");
  } catch (problem) {
    if (problem.status !== 401) throw problem;
  }
}
