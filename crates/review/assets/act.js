// From choices to deeds: the plan is shown line by line before anything is done, and afterwards it can be undone.

import { get, post } from "./api.js";
import { openDialog } from "./dialog.js";
import { button, el, fill, freshId } from "./dom.js";
import { follow } from "./events.js";
import { errorBox } from "./notices.js";
import { confirmPairs } from "./pairs.js";
import { planLines } from "./planlines.js";
import { progressBox } from "./progress.js";
import { outcomeBox, undoButton } from "./runs.js";
import { app, ofResult } from "./store.js";
import { bytes, count, counted, deed } from "./words.js";

let chosen = null;
let applied = null;

/** Opens the dialog in which a plan is made, shown and applied. */
export function openAct() {
  const dialog = openDialog("Make a plan", { wide: true });
  chooseAction(dialog);
}

function chooseAction(dialog) {
  dialog.setTitle("Make a plan");
  const { state } = app;
  const { totals, result } = state;
  fill(dialog.foot);
  if (!result || !result.can_act) {
    fill(dialog.body, el("p", { class: "box warn", text: result?.cannot_act ?? "there is no result yet: start a scan first" }));
    return;
  }
  if (totals.goes === 0) {
    fill(dialog.body, el("p", { text: "Nothing would go: no group is decided yet." }),
      el("p", { class: "quiet", text: "Press the number of the file that stays, or let rules choose." }));
    return;
  }
  chosen ??= state.actions[0]?.name;
  const id = freshId();
  const options = state.actions.map((action) => {
    const input = el("input", { type: "radio", name: id, id: `${id}-${action.name}`, value: action.name, onchange: () => { chosen = action.name; } });
    input.checked = action.name === chosen;
    return el("p", { class: "check" }, input, el("label", { for: input.id, text: action.text }));
  });
  fill(dialog.body,
    el("p", {}, el("strong", { text: counted(totals.goes, "file") }), " of ", counted(totals.decided, "group"), " would go, ",
      el("strong", { text: bytes(totals.freed) }), " freed. ", totals.undecided > 0 ? `${counted(totals.undecided, "group")} undecided: of these nothing goes.` : ""),
    el("fieldset", { class: "options" }, el("legend", { text: "What to do with them" }), options),
    el("p", { class: "quiet", text: "Nothing is changed yet: the plan is shown first." }));
  fill(dialog.foot, button("Cancel", dialog.close), button("Show the plan", () => makePlan(dialog), { class: "button main" }));
}

async function makePlan(dialog) {
  await work(dialog, "Making the plan", () => post(ofResult("plan"), { action: chosen }), (outcome) => showPlan(dialog, outcome.plan),
    () => chooseAction(dialog));
}

// Begins work, shows how far it is, and goes on with its outcome.
async function work(dialog, title, begin, goOn, goBack) {
  dialog.setTitle(title);
  fill(dialog.foot);
  fill(dialog.body, el("p", { class: "quiet", text: "Beginning …" }));
  try {
    const { job } = await begin();
    const box = progressBox(job);
    fill(dialog.body, box.node);
    const ended = await follow(job, box.update);
    if (ended.outcome && (ended.state === "done" || ended.state === "stopped")) return await goOn(ended.outcome, ended);
    throw new Error(ended.error ?? (ended.state === "stopped" ? "it was stopped" : "it failed"));
  } catch (error) {
    fill(dialog.body, errorBox(error));
    fill(dialog.foot, button("Back", goBack));
    dialog.heading.focus();
    return undefined;
  }
}

async function showPlan(dialog, number) {
  const plan = await get(ofResult(`plan/${number}?from=0&count=100`));
  const isApplied = applied === `${app.state.result.result}/${number}`;
  const action = app.state.actions.find((one) => one.name === plan.action)?.text ?? plan.action;
  dialog.setTitle(plan.done > 0 ? "What is left" : "This will happen");
  fill(dialog.body, planHead(plan, action), planLines(plan), refusedGroups(plan.refused, plan.refused_count));
  fill(dialog.foot, button("Back", () => chooseAction(dialog)), el("span", { class: "spring" }),
    plan.pairs > 0 ? button(`Confirm ${counted(plan.pairs, "file")} one by one`, () => confirmPairs(dialog, plan, () => showPlan(dialog, number))) : null,
    plan.bulk > 0 && !isApplied ? button(`Apply to ${counted(plan.bulk, "file")}`, () => apply(dialog, plan), { class: "button danger" }) : null);
  dialog.heading.focus();
}

function planHead(plan, action) {
  const facts = [
    plan.done > 0 ? `${counted(plan.done, "file")} done` : "",
    plan.bulk > 0 ? `${counted(plan.bulk, "file")} in one go, less those that alone have a date, position or the like` : "",
    plan.pairs > 0 ? `${counted(plan.pairs, "file")} each to be confirmed by itself` : "",
    plan.problems > 0 ? `${count(plan.problems)} would be refused, with the reason in the line` : "",
  ].filter(Boolean).join(" · ");
  return el("div", {}, el("p", {}, el("strong", { text: action }), `: ${counted(plan.steps, "file")}, ${bytes(plan.bytes)}.`),
    el("p", { class: "quiet", text: facts }),
    el("p", { class: "quiet", text: "A moment before a file goes, it and the one that stays are read again and compared." }));
}

function refusedGroups(refused, many) {
  if (!refused || refused.length === 0) return null;
  return el("details", {}, el("summary", { text: `${counted(many ?? refused.length, "group")} left out` }),
    el("ul", {}, refused.slice(0, 500).map((one) => el("li", { text: `group ${one.group}: ${one.reason}` }))));
}

async function apply(dialog, plan) {
  applied = `${app.state.result.result}/${plan.plan}`;
  await work(dialog, "Applying the plan", () => post(ofResult("apply"), { plan: plan.plan }), async (outcome, job) => {
    // What was refused with the others can be confirmed by itself.
    const now = await get(ofResult(`plan/${plan.plan}?from=0&count=1`)).catch(() => plan);
    dialog.setTitle(job.state === "stopped" ? "Stopped" : "Done");
    fill(dialog.body, outcomeBox({ lines: deed(plan.action), ...outcome }),
      now.pairs > 0 ? el("p", { text: `${counted(now.pairs, "file")} left, each to be confirmed by itself.` }) : null);
    fill(dialog.foot, outcome.run && outcome.done > 0 ? undoButton(outcome.run, dialog) : null, el("span", { class: "spring" }),
      now.pairs > 0 ? button(`Confirm ${counted(now.pairs, "file")} one by one`, () => confirmPairs(dialog, now, () => showPlan(dialog, plan.plan))) : null,
      button("Close", dialog.close, { class: "button main" }));
    dialog.heading.focus();
  }, () => showPlan(dialog, plan.plan));
}
