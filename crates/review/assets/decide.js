// What is to stay and what is to go: choices are sent to the program, which alone keeps them.

import { get, post } from "./api.js";
import { button } from "./dom.js";
import { follow } from "./events.js";
import { currentRow, markGone, step } from "./list.js";
import { say, tellError, tellShortly } from "./notices.js";
import { app, ofResult, setTotals, tell } from "./store.js";
import { bytes, counted, isNear } from "./words.js";

let last = Promise.resolve();

/**
 * The group that keys are meant for: the open one, else the one at the reader's place in the list.
 * @returns {Promise<object|null>}
 */
export async function groupAtHand() {
  if (app.group && app.group.group === app.open) return app.group;
  if (app.open !== null) return null;
  const row = currentRow();
  return row ? get(ofResult(`group/${row.group}`)) : null;
}

// One choice after the other, each on what the one before has left.
function inTurn(task) {
  last = last.then(task).catch((error) => tellError(error, "the choice was not saved"));
  return last;
}

/**
 * Chooses for a group.
 * @param {object} group the group
 * @param {Array<string>|null} tasks `keep`, `remove` or `leave` for each file; null forgets the choice
 */
export async function choose(group, tasks) {
  if (tasks?.includes("remove") && !tasks.includes("keep")) {
    tellShortly("One file has to stay: choose another to stay first.");
    tell("group", app.group);
    return;
  }
  const said = await post(ofResult("choose"), { group: group.group, tasks });
  setTotals(said.totals);
  sayIfNotKept(said.kept);
  await show(group.group);
}

let isSaid = false;

// Said once: it is the same for all choices.
function sayIfNotKept(kept) {
  if (kept !== false || isSaid) return;
  isSaid = true;
  tellShortly("What you choose cannot be kept for the next time: the folder for it cannot be written.");
}

// Shows a group as the program has it by now.
async function show(number) {
  const fresh = await get(ofResult(`group/${number}`));
  if (app.open === fresh.group) app.group = fresh;
  tell("group", fresh);
  const goes = fresh.files.filter((file) => file.task === "remove").length;
  say(goes > 0 ? `${counted(goes, "file")} of ${fresh.files.length} would go, ${bytes(freedBy(fresh))} freed` : "nothing of this group goes");
}

/** Keeps one file; the others go. */
export function keepOnly(at) {
  return inTurn(async () => {
    const group = await groupAtHand();
    if (!group?.files[at]) return;
    await choose(group, group.files.map((file, i) => (i === at ? "keep" : canGo(file) ? "remove" : "leave")));
  });
}

/** Lets a file go that stays, and stay that goes. */
export function toggleFile(at) {
  return inTurn(async () => {
    const group = await groupAtHand();
    const file = group?.files[at];
    if (!file) return;
    await setTask(group, at, file.task === "remove" ? "keep" : "remove");
  });
}

/**
 * Sets what becomes of one file.
 * @param {object} group its group
 * @param {number} at its position
 * @param {string} task `keep`, `remove` or `leave`
 */
export function setFile(group, at, task) {
  return inTurn(() => setTask(group, at, task));
}

function setTask(group, at, task) {
  const tasks = group.files.map((file, i) => (i === at ? task : (file.task ?? "leave")));
  // In a group without any choice the others stay, or nothing could be compared with what goes.
  if (task === "remove" && !tasks.includes("keep")) {
    return choose(group, tasks.map((one, i) => (i !== at && one === "leave" ? "keep" : one)));
  }
  return choose(group, tasks);
}

/** Leaves all files of a group alone; where that is so, forgets the choice, so that the rules count again. */
export function leaveAll() {
  return inTurn(async () => {
    const group = await groupAtHand();
    if (!group) return;
    const isLeft = group.files.every((file) => file.task === "leave");
    await choose(group, isLeft ? null : group.files.map(() => "leave"));
  });
}

/** Forgets the choice made by hand for a group, and lets the usual rules choose. */
export function letRulesChoose() {
  return inTurn(async () => {
    const group = await groupAtHand();
    if (!group) return;
    await post(ofResult("choose"), { group: group.group, tasks: null });
    const { job } = await post(ofResult("rules"), { rules: [], groups: [group.group] });
    const ended = await follow(job);
    if (ended.state !== "done") throw new Error(ended.error ?? "it was stopped");
    setTotals(ended.outcome.totals);
    await show(group.group);
  });
}

/**
 * Bytes that would be freed by what is chosen for a group.
 * @param {object} group the group
 * @returns {number}
 */
export function freedBy(group) {
  return group.files.filter((file) => file.task === "remove" && file.modified !== null).reduce((sum, file) => sum + file.bytes, 0);
}

/**
 * Remembers that a file is not the same picture as the first of its group, or none is.
 * @param {number|null} at position of the file; null for all
 */
export function notTheSame(at) {
  return inTurn(async () => {
    const group = await groupAtHand();
    if (!group) return;
    if (!isNear(group.tier)) {
      tellShortly("These are the same picture, pixel by pixel: there is nothing to dismiss.");
      return;
    }
    if ((at === null || at === 0) && group.files.length > 2) {
      tellShortly("Go to the file that is another picture than the first (→), and say it there.");
      return;
    }
    const file = at === null || at === 0 ? null : (group.files[at]?.file ?? null);
    const said = await post(ofResult("differ"), { group: group.group, file });
    setTotals(said.totals);
    if (app.state?.result) app.state.result.dismissed += 1;
    const text = file === null ? "Remembered: these are not the same picture." : "Remembered: it is not the same picture as the first.";
    tellShortly(text, button("Show what was dismissed", () => tell("dismissed")));
    if (said.gone) {
      markGone(group.group);
      step(1);
    } else {
      tell("reopen");
    }
  });
}

/**
 * Whether a file can go at all: it is on this host.
 * @param {object} file a file of a group
 * @returns {boolean}
 */
export function canGo(file) {
  return file.here !== false && !file.repeated;
}
