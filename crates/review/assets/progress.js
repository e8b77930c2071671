// Work under way: how far it is, and a way to stop it.

import { button, el } from "./dom.js";
import { stop } from "./events.js";
import { say, tellError } from "./notices.js";
import { app, on } from "./store.js";
import { bytes, count } from "./words.js";

const KINDS = { scan: "Scanning", rules: "The rules choose", plan: "Making the plan", apply: "Applying the plan", undo: "Undoing" };
const SAY_MS = 10000;

/**
 * A bar that follows work.
 * @param {object} job the work as the program describes it
 * @returns {{node: HTMLElement, update: Function}} `update` is called with each description
 */
export function progressBox(job) {
  const bar = el("progress", { "aria-label": KINDS[job.kind] ?? job.kind });
  const text = el("p", { class: "progress-text" });
  const stopper = button("Stop", () => {
    stopper.disabled = true;
    stop(job).catch((error) => {
      stopper.disabled = false;
      tellError(error, "could not stop it");
    });
  });
  const node = el("div", { class: "progress" }, text, bar, stopper);
  const update = (now) => {
    if (now.total) {
      bar.max = now.total;
      bar.value = Math.min(now.done, now.total);
    } else {
      bar.removeAttribute("value");
    }
    text.textContent = progressWords(now);
  };
  update(job);
  return { node, update };
}

function progressWords(job) {
  const done = job.total ? `${count(job.done)} of ${count(job.total)}` : (job.done > 0 ? count(job.done) : "");
  const read = job.bytes > 0 ? bytes(job.bytes) : "";
  const stage = job.kind === "scan" ? job.stage : "";
  return [KINDS[job.kind] ?? job.kind, stage, done, read].filter(Boolean).join(" · ");
}

/**
 * Shows work under way below the head of the page, whoever began it.
 * @param {HTMLElement} host where
 */
export function initJobBar(host) {
  let box = null;
  let said_ms = 0;
  const show = (job) => {
    if (!job || job.state !== "running") {
      host.hidden = true;
      host.replaceChildren();
      box = null;
      return;
    }
    if (box?.job !== job.job) {
      box = { ...progressBox(job), job: job.job };
      host.replaceChildren(box.node);
      host.hidden = false;
    }
    box.update(job);
    if (performance.now() - said_ms > SAY_MS) {
      said_ms = performance.now();
      say(progressWords(job));
    }
  };
  on("job", show);
  on("state", () => show(app.state?.job));
}
