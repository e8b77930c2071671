// The help: all keys, made of the table that the keys are made of.

import { openDialog } from "./dialog.js";
import { el, fill } from "./dom.js";
import { KEYS } from "./keys.js";
import { app } from "./store.js";

/** Opens the help. */
export function openHelp() {
  const dialog = openDialog("Keys", { wide: true });
  const parts = KEYS.map(([title, lines]) => el("section", {}, el("h3", { text: title }),
    el("dl", { class: "keys" }, lines.map(([shown, does]) => el("div", {}, el("dt", {}, shownKeys(shown)), el("dd", { text: does }))))));
  const { state } = app;
  fill(dialog.body, el("div", { class: "columns" }, parts),
    state?.ssh ? el("p", { class: "quiet" }, "From another machine: ", el("code", { text: state.ssh })) : null,
    el("p", { class: "quiet", text: `pixtwin ${state?.version ?? ""} on ${state?.host ?? "this machine"}` }));
}

function shownKeys(shown) {
  return shown.split(/( \+ | – )/).map((part) => (/^ [+–] $/.test(part) ? part : el("kbd", { text: part })));
}
