// News of the program: work under way, and changes made elsewhere.

import { get, post } from "./api.js";
import { app, tell } from "./store.js";

const FRESH_MS = 1500;
const AGAIN_MS = { first: 1000, most: 30000 };
const waiting = new Map();
let source = null;
let again_ms = AGAIN_MS.first;

/** Begins to listen. If the stream breaks while the program is there, it is opened again. */
export function listen() {
  source?.close();
  if (document.hidden) return;
  source = new EventSource("/api/events");
  source.addEventListener("job", (event) => take(parse(event.data)));
  source.addEventListener("state", () => tell("changed"));
  source.addEventListener("error", () => {
    deafen();
    // If this fails too, the program is lost, and `main` listens again once it is found.
    get("/api/session").then(() => setTimeout(listen, again_ms), () => {});
    again_ms = Math.min(again_ms * 2, AGAIN_MS.most);
  });
  source.addEventListener("open", () => { again_ms = AGAIN_MS.first; });
}

/** Ends listening, for instance once the program has ended. */
export function deafen() {
  source?.close();
  source = null;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Follows work until it ends.
 * @param {object} job the work as the program described it when it was begun
 * @param {Function} [progress] called with each description
 * @returns {Promise<object>} the last description; `state` says how it ended
 */
export function follow(job, progress) {
  return new Promise((done) => {
    waiting.set(job.job, { done, progress, heard_ms: performance.now() });
    take(job);
  });
}

/**
 * Stops work as Ctrl-C does.
 * @param {object} job the work
 * @returns {Promise<any>}
 */
export function stop(job) {
  return post("/api/stop", { job: job.job });
}

function take(job) {
  if (!job) return;
  if (app.state) app.state.job = job;
  tell("job", job);
  const waiter = waiting.get(job.job);
  if (!waiter) return;
  waiter.heard_ms = performance.now();
  waiter.progress?.(job);
  if (job.state !== "running") {
    waiting.delete(job.job);
    waiter.done(job);
  }
}

// News can be lost with a connection: work that is silent for long is asked about.
setInterval(() => {
  const now = performance.now();
  for (const [number, waiter] of waiting) {
    if (now - waiter.heard_ms < FRESH_MS) continue;
    waiter.heard_ms = now;
    get(`/api/job/${number}`).then(take, (error) => {
      if (error.status === 404 || error.status === 410) {
        take({ job: number, state: "failed", error: "nothing more is known of this work", outcome: null });
      }
    });
  }
}, 500);
