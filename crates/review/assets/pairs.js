// What is only near, or was refused with the others, is confirmed one by one: both pictures, and what would be lost, before anything is done.

import { get, post } from "./api.js";
import { button, el, fill } from "./dom.js";
import { follow } from "./events.js";
import { pathLine } from "./files.js";
import { errorBox } from "./notices.js";
import { progressBox } from "./progress.js";
import { app, ofResult } from "./store.js";
import { Viewer } from "./viewer.js";
import { count, counted } from "./words.js";

const PAGE = 200;
const settledSteps = new Map();

/**
 * Goes through the steps of a plan that are to be confirmed by themselves.
 * @param {object} dialog the dialog, as `openDialog` gave it
 * @param {object} plan the plan
 * @param {Function} goBack shows the plan again
 */
export async function confirmPairs(dialog, plan, goBack) {
  const walk = { dialog, plan, goBack, lines: [], from: 0, done: 0, seen: 0, viewer: null };
  const known = `${app.state.result.result}/${plan.plan}`;
  if (!settledSteps.has(known)) settledSteps.set(known, new Set());
  walk.settled = settledSteps.get(known);
  await next(walk);
}

// The next step that is to be confirmed by itself and was not settled before.
async function nextLine(walk) {
  for (;;) {
    const line = walk.lines.shift();
    if (line && line.pair && !walk.settled.has(line.step)) return line;
    if (line) continue;
    if (walk.from >= walk.plan.steps) return null;
    const page = await get(ofResult(`plan/${walk.plan.plan}?from=${walk.from}&count=${PAGE}`));
    walk.from += PAGE;
    walk.lines = page.lines;
  }
}

async function next(walk) {
  const { dialog } = walk;
  walk.viewer?.close();
  walk.viewer = null;
  dialog.setTitle("Confirm one by one");
  fill(dialog.foot);
  try {
    const line = await nextLine(walk);
    if (line) await showLine(walk, line);
    else showEnd(walk);
  } catch (error) {
    fill(dialog.body, errorBox(error, () => next(walk)));
  }
}

async function showLine(walk, line) {
  const { dialog, plan } = walk;
  walk.seen += 1;
  walk.viewer = new Viewer({ group: line.group, files: [viewed(line.kept_file, "keep"), viewed(line.file, "remove")] });
  const about = el("div", {}, el("p", { class: "quiet", text: "Looking what would be lost …" }));
  fill(dialog.body, el("p", { class: "quiet", text: `${count(walk.seen)} of ${counted(plan.pairs, "file")}` }), walk.viewer.node,
    el("dl", { class: "pair" }, el("dt", { text: "Stays" }), el("dd", {}, pathLine(line.stays.parts)),
      el("dt", { text: "Goes" }), el("dd", {}, pathLine(line.path.parts))),
    line.refused ? el("p", { class: "box warn", text: `It was refused with the others: ${line.refused}` }) : null, about);
  const confirm = button("Let it go", () => applyPair(walk, line), { class: "button danger", disabled: true });
  fill(dialog.foot, button("Back to the plan", () => leave(walk)), el("span", { class: "spring" }),
    button("Keep both", () => skip(walk, line)), confirm);
  dialog.heading.focus();
  try {
    const found = await post(ofResult("pair"), { plan: plan.plan, step: line.step });
    fill(about, found.problem ? el("p", { class: "box warn", text: `It would be refused: ${found.problem}` }) : null, losses(found.loses));
    confirm.disabled = Boolean(found.problem);
  } catch (error) {
    fill(about, errorBox(error));
  }
}

function viewed(file, task) {
  return { file, task, width: 0, height: 0 };
}

function losses(loses) {
  if (!loses || loses.length === 0) return el("p", { text: "Of its metadata nothing would be lost." });
  return el("div", { class: "box warn" }, el("p", { text: "With it would be lost:" }), el("ul", {}, loses.map((text) => el("li", {}, el("bdi", { text })))));
}

function skip(walk, line) {
  walk.settled.add(line.step);
  return next(walk);
}

async function applyPair(walk, line) {
  const { dialog, plan } = walk;
  fill(dialog.foot);
  try {
    const { job } = await post(ofResult("apply"), { plan: plan.plan, pair: line.step });
    const box = progressBox(job);
    dialog.body.append(box.node);
    const ended = await follow(job, box.update);
    if (ended.state !== "done") throw new Error(ended.error ?? "it was stopped");
    walk.settled.add(line.step);
    if (ended.outcome.done === 0) throw new Error(`refused: ${ended.outcome.refused?.[0]?.reason ?? "no reason is known"}`);
    walk.done += 1;
    await next(walk);
  } catch (error) {
    dialog.body.append(errorBox(error));
    fill(dialog.foot, button("Back to the plan", () => leave(walk)), button("Next", () => next(walk)));
  }
}

function leave(walk) {
  walk.viewer?.close();
  return walk.goBack();
}

function showEnd(walk) {
  fill(walk.dialog.body, el("p", { text: `Nothing more to confirm; ${counted(walk.done, "file")} went. “Runs” brings them back.` }));
  fill(walk.dialog.foot, button("Back to the plan", walk.goBack), button("Close", walk.dialog.close, { class: "button main" }));
  walk.dialog.heading.focus();
}
