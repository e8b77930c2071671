// The metadata of a group side by side: what differs stands out, what does not is shown when asked for.

import { get } from "./api.js";
import { el, fill } from "./dom.js";
import { errorBox } from "./notices.js";
import { ofResult } from "./store.js";
import { counted } from "./words.js";

const FILES_SHOWN = 30;

/**
 * A part of the page with the metadata of a group, which come a little later.
 * @param {object} group the group as the program describes it
 * @param {AbortSignal} signal ends it early
 * @returns {HTMLElement}
 */
export function metadataPart(group, signal) {
  const body = el("div", {}, el("p", { class: "quiet", text: "Reading …" }));
  load(group, body, signal);
  return el("section", { class: "part" }, el("h3", { text: "Metadata" }), body);
}

async function load(group, body, signal) {
  try {
    const found = await get(ofResult(`group/${group.group}/metadata`), signal);
    fill(body, table(group, found));
  } catch (error) {
    if (error.name !== "AbortError") fill(body, errorBox(error, () => load(group, body, signal)));
  }
}

function table(group, found) {
  const differing = found.names.filter((one) => one.differs);
  const equal = found.names.length - differing.length;
  const errors = found.errors.map((why, at) => (why ? el("p", { class: "warn", text: `Picture ${at + 1}: ${why}` }) : null));
  if (found.names.length === 0) return [errors, el("p", { class: "quiet", text: "None of the files has any." })];
  const box = el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Table of metadata" });
  const shown = el("input", { type: "checkbox", id: "all-metadata", onchange: () => draw() });
  const draw = () => fill(box, rows(group, shown.checked ? found.names : differing));
  draw();
  box.hidden = differing.length === 0;
  shown.addEventListener("change", () => { box.hidden = differing.length === 0 && !shown.checked; });
  return [errors,
    differing.length === 0 ? el("p", { text: "They are equal in all files." }) : null,
    equal > 0 ? el("p", { class: "check" }, shown, el("label", { for: shown.id, text: `Show also ${counted(equal, "that is equal", "that are equal")}` })) : null,
    box];
}

function rows(group, names) {
  const shown = Math.min(FILES_SHOWN, group.files.length);
  const head = el("tr", {}, el("td", {}), Array.from({ length: shown }, (_, at) => el("th", { scope: "col", text: `Picture ${at + 1}` })));
  const lines = names.map((one) => el("tr", { class: one.differs ? "differs" : null }, el("th", { scope: "row", text: one.name }),
    one.values.slice(0, shown).map((value) => cell(value, one))));
  const left = group.files.length - shown;
  return [el("table", {}, el("thead", {}, head), el("tbody", {}, lines)),
    left > 0 ? el("p", { class: "quiet", text: `and ${counted(left, "more file")}, not shown` }) : null];
}

function cell(value, one) {
  if (value === null) return el("td", { class: "none" }, el("span", { text: "—", "aria-hidden": "true" }), el("span", { class: "hidden", text: "none" }));
  const isOdd = one.differs && one.values.some((other) => other !== value);
  return el("td", {}, isOdd ? el("mark", {}, el("bdi", { text: value })) : el("bdi", { text: value }));
}
