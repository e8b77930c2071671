// Requests to the program, and only to it.

let csrf = "";
let isLost = false;
const listeners = { lost: [], found: [], closed: [], stale: [] };

/** An answer that is no success: `status`, a sentence, what to do next if known, and the kind of a picture's failure. */
export class ApiError extends Error {
  /**
   * @param {number} status status of HTTP; 0 if the program did not answer
   * @param {string} message one sentence
   * @param {string} [hint] what to do next
   * @param {string} [kind] why a picture cannot be shown
   */
  constructor(status, message, hint, kind) {
    super(message);
    this.status = status;
    this.hint = hint;
    this.kind = kind;
  }
}

/**
 * Calls a function when the program no longer answers (`lost`), answers again (`found`), no longer knows this page
 * (`closed`), or has another result by now (`stale`).
 * @param {"lost"|"found"|"closed"|"stale"} what when
 * @param {Function} task what to call
 */
export function onConnection(what, task) {
  listeners[what].push(task);
}

/**
 * Opens the session: with the token of the address, which is taken out of it, or with the cookie of an earlier load.
 * @returns {Promise<{version: string}>}
 */
export async function openSession() {
  const token = location.hash.slice(1);
  let session;
  // What the page itself writes there has a `=`.
  if (/^[A-Za-z0-9._~-]{32,256}$/.test(token)) {
    history.replaceState(null, "", location.pathname);
    session = await post("/api/session", { token });
  } else {
    session = await get("/api/session");
  }
  csrf = session.csrf;
  return session;
}

/**
 * Asks for JSON.
 * @param {string} path path of the request
 * @param {AbortSignal} [signal] ends it early
 * @returns {Promise<any>}
 */
export async function get(path, signal) {
  const answer = await send(path, { signal });
  return answer.json();
}

/**
 * Sends JSON and reads JSON.
 * @param {string} path path of the request
 * @param {object} body what to send
 * @param {AbortSignal} [signal] ends it early
 * @returns {Promise<any>}
 */
export async function post(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  if (csrf) headers["X-Pixtwin-Csrf"] = csrf;
  const answer = await send(path, { method: "POST", headers, body: JSON.stringify(body), signal });
  return answer.json();
}

/**
 * Asks for a picture. Why it cannot be shown is an `ApiError` with a `kind`.
 * @param {string} path path of the request
 * @param {AbortSignal} [signal] ends it early
 * @returns {Promise<{blob: Blob, headers: Headers}>}
 */
export async function picture(path, signal) {
  const answer = await send(path, { signal });
  if ((answer.headers.get("Content-Type") ?? "").startsWith("application/json")) {
    throw refused(answer.status, await answer.json());
  }
  return { blob: await answer.blob(), headers: answer.headers };
}

async function send(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "default", redirect: "error", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    lose();
    throw new ApiError(0, "pixtwin did not answer", "start it again with `pixtwin review`, and open the address that it prints");
  }
  if (isLost) find();
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  if (answer.status === 401) notify("closed");
  if (answer.status === 410) notify("stale");
  throw refused(answer.status, said);
}

function refused(status, said) {
  return new ApiError(status, said.error ?? `the request was refused with status ${status}`, said.hint, said.kind);
}

/** Notes that the program does not answer; asks it again until it does. */
export function lose() {
  if (isLost) return;
  isLost = true;
  notify("lost");
  setTimeout(knock, 1000, 1000);
}

function find() {
  isLost = false;
  notify("found");
}

async function knock(wait_ms) {
  if (!isLost) return;
  await fetch("/api/session", { credentials: "same-origin" }).then(find, () => {
    const next_ms = Math.min(wait_ms * 1.5, 10000);
    setTimeout(knock, next_ms, next_ms);
  });
}

function notify(what) {
  for (const task of listeners[what]) task();
}
