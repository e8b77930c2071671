// What was done, and how to undo it.

import { get, post } from "./api.js";
import { openDialog } from "./dialog.js";
import { button, el, fill } from "./dom.js";
import { follow } from "./events.js";
import { pathLine } from "./files.js";
import { errorBox } from "./notices.js";
import { progressBox } from "./progress.js";
import { bytes, count, counted, deed } from "./words.js";

/** Opens the list of what was done. */
export async function openRuns() {
  const dialog = openDialog("Runs", { wide: true });
  await showRuns(dialog);
}

async function showRuns(dialog) {
  dialog.setTitle("Runs");
  fill(dialog.foot);
  fill(dialog.body, el("p", { class: "quiet", text: "Loading …" }));
  try {
    const { runs } = await get("/api/runs");
    fill(dialog.body, runs.length === 0 ? el("p", { text: "Nothing was done yet." })
      : el("ul", { class: "plain-list" }, runs.map((run) => runItem(run, dialog))));
  } catch (error) {
    fill(dialog.body, errorBox(error, () => showRuns(dialog)));
  }
}

function runItem(run, dialog) {
  const facts = [`${counted(run.done, "file")} ${deed(run.action)}, ${bytes(run.bytes)}`, run.undone > 0 ? `${count(run.undone)} undone` : "",
    run.purged > 0 ? `${count(run.purged)} purged` : "", run.refused > 0 ? `${count(run.refused)} refused` : ""].filter(Boolean);
  return el("li", { class: "item" }, el("div", {}, el("p", {}, el("strong", { text: run.begun })),
    el("p", { class: "quiet", text: facts.join(" · ") })), run.can_undo ? undoButton(run.run, dialog) : null);
}

/**
 * A button that undoes a run, and shows in the dialog how far it is and what came of it.
 * @param {string} run name of the run
 * @param {object} dialog the dialog, as `openDialog` gave it
 * @returns {HTMLButtonElement}
 */
export function undoButton(run, dialog) {
  return button("Undo", () => undo(run, dialog), { "aria-label": `Undo the run ${run}` });
}

async function undo(run, dialog) {
  dialog.setTitle("Undoing");
  fill(dialog.foot);
  try {
    const { job } = await post("/api/undo", { run });
    const box = progressBox(job);
    fill(dialog.body, box.node);
    const ended = await follow(job, box.update);
    if (!ended.outcome) throw new Error(ended.error ?? "it was stopped");
    dialog.setTitle("Undone");
    fill(dialog.body, outcomeBox({ lines: "brought back", refused_count: ended.outcome.refused.length, ...ended.outcome }));
  } catch (error) {
    fill(dialog.body, errorBox(error, () => undo(run, dialog)));
  }
  fill(dialog.foot, button("All runs", () => showRuns(dialog)), button("Close", dialog.close, { class: "button main" }));
  dialog.heading.focus();
}

/**
 * What came of a run.
 * @param {object} outcome `done`, `bytes`, `lines` (what was done, in words), `refused`, `refused_count`, `interrupted`
 * @returns {HTMLElement}
 */
export function outcomeBox(outcome) {
  const refused = outcome.refused ?? [];
  const left = (outcome.refused_count ?? refused.length) - refused.length;
  return el("div", {},
    el("p", { class: "big", text: `${counted(outcome.done, "file")} ${outcome.lines ?? "done"}, ${bytes(outcome.bytes)}.` }),
    outcome.interrupted ? el("p", { class: "box warn", text: "It was stopped before the end: what was not reached stays as it was." }) : null,
    refused.length > 0 ? el("div", {}, el("h3", { text: `${count(refused.length + Math.max(0, left))} refused` }),
      el("ul", { class: "plain-list" }, refused.map((one) => el("li", {}, one.path ? pathLine(one.path.parts) : el("p", { text: `group ${one.group}` }), el("p", { class: "warn", text: one.reason })))),
      left > 0 ? el("p", { class: "quiet", text: `and ${count(left)} more` }) : null) : null);
}
