// Keys: what each does, in one table from which the help is made too.

import { leaveAll, keepOnly, notTheSame, toggleFile } from "./decide.js";
import { isDialogOpen } from "./dialog.js";
import { focusSearch } from "./filters.js";
import { closeGroup, currentViewer, stepFile } from "./group.js";
import { focusList, goTo, openCurrent, rowsInView, step } from "./list.js";
import { app, tell } from "./store.js";

/** All keys: the parts of the help, each with lines of what is pressed, what it does, and the function. */
export const KEYS = [
  ["Move", [
    ["j", "next group", () => step(1)],
    ["k", "previous group", () => step(-1)],
    ["Enter", "open the group", null],
    ["Escape", "back to the list", closeGroup],
    ["/", "search and filter", focusSearch],
    ["←", "previous file", () => stepFile(-1), "ArrowLeft"],
    ["→", "next file", () => stepFile(1), "ArrowRight"],
  ]],
  ["Decide", [
    ["1 – 9", "keep that file, the others go", null],
    ["Shift + 1 – 9", "that file goes, or stays after all", null],
    ["x", "the file in focus goes, or stays after all", () => toggleFile(app.file)],
    ["u", "leave all; again: forget the choice", leaveAll],
    ["n", "not the same picture", () => notTheSame(app.file)],
    ["a", "make a plan and apply it", () => tell("act")],
  ]],
  ["Look", [
    ["z", "real pixels, or all of the picture", () => currentViewer()?.zoomToggle()],
    ["s", "swipe", () => currentViewer()?.setMode("swipe")],
    ["b", "blink", () => currentViewer()?.setMode("blink")],
    ["d", "difference", () => currentViewer()?.setMode("difference")],
    ["+", "zoom in", () => currentViewer()?.zoom(1.5)],
    ["-", "zoom out", () => currentViewer()?.zoom(1 / 1.5), "−"],
    ["0", "all of the picture", () => currentViewer()?.view.reset()],
    ["?", "this help", () => tell("help")],
  ]],
];

const byKey = new Map(KEYS.flatMap(([, lines]) => lines).filter(([, , task]) => task)
  .flatMap(([shown, , task, other]) => (other ? [[shown, task], [other, task]] : [[shown, task]])));

/** Begins to listen to keys. */
export function initKeys() {
  document.addEventListener("keydown", pressed);
}

function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isDialogOpen()) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape" && !event.target.matches("dialog *")) leaveField(event);
    return;
  }
  if (inList(event) || digit(event)) {
    event.preventDefault();
    return;
  }
  if (isChoosing(event.target) && event.key.startsWith("Arrow")) return;
  const task = event.key === "Enter" && event.target === document.body ? openCurrent : byKey.get(event.key);
  if (!task || !app.state?.result) return;
  event.preventDefault();
  task();
}

// The browser would empty a search field, and tell nobody.
function leaveField(event) {
  event.preventDefault();
  event.target.blur();
  if (app.list?.groups > 0) focusList();
}

function isTyping(target) {
  return target.matches?.("input:not([type=radio]):not([type=checkbox]):not([type=range]), select, textarea, [contenteditable]");
}

function isChoosing(target) {
  return target.matches?.("input[type=radio], input[type=range]");
}

function digit(event) {
  const found = /^Digit([1-9])$/.exec(event.code) ?? /^Numpad([1-9])$/.exec(event.code);
  if (!found || !app.state?.result) return false;
  const at = Number(found[1]) - 1;
  if (event.shiftKey) toggleFile(at);
  else if (/^[1-9]$/.test(event.key)) keepOnly(at);
  else return false;
  return true;
}

// In the list the keys of lists work as well.
function inList(event) {
  if (!event.target.closest?.("#list") || !app.list) return false;
  const task = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    PageDown: () => step(Math.min(rowsInView(), app.list.groups - 1 - app.at)),
    PageUp: () => step(-Math.min(rowsInView(), app.at)),
    Home: () => goTo(0, true),
    End: () => goTo(app.list.groups - 1, true),
    Enter: openCurrent,
  }[event.key];
  if (!task) return false;
  task();
  return true;
}
