// One group: its pictures, what proves it, its files, and what is chosen.

import { get } from "./api.js";
import { freedBy, leaveAll, letRulesChoose, notTheSame } from "./decide.js";
import { button, el, fill } from "./dom.js";
import { fileList, markFiles } from "./files.js";
import { focusList, placeInList, step } from "./list.js";
import { metadataPart } from "./metadata.js";
import { errorBox } from "./notices.js";
import { app, on, ofResult, tell, writeAddress } from "./store.js";
import { Viewer } from "./viewer.js";
import { bytes, counted, isNear, tierName } from "./words.js";

const SEEN_PX = 120;
let host;
let viewer = null;
let files = null;
let ender = new AbortController();
let givenUp = [];

/**
 * Prepares the part of the page that shows a group.
 * @param {HTMLElement} part where
 */
export function initGroup(part) {
  host = part;
  on("open", (number) => openGroup(number));
  on("reopen", () => openGroup(app.open, app.file));
  on("refresh", refresh);
  on("group", (group) => group && group.group === app.open && redraw(group));
  on("focus-file", focusFile);
  on("at", () => {
    const place = host.querySelector(".place");
    if (place) place.textContent = placeInList();
  });
}

/**
 * Opens a group.
 * @param {number|null} number its number; null closes
 * @param {number} [file] position of the file in focus
 */
export async function openGroup(number, file = 0) {
  if (number === null) return closeGroup();
  const isStep = app.open === null;
  const hadFocus = host.contains(document.activeElement);
  leave();
  Object.assign(app, { open: number, group: null, file });
  show(true);
  writeAddress(isStep);
  const { signal } = ender;
  host.setAttribute("aria-busy", "true");
  try {
    const group = await get(ofResult(`group/${number}`), signal);
    app.group = group;
    app.file = Math.min(file, group.files.length - 1);
    draw(group, signal);
    if (isStep || hadFocus) host.querySelector("h2").focus({ preventScroll: true });
  } catch (error) {
    if (error.name === "AbortError" || error.status === 410) return undefined;
    fill(host, el("div", { class: "pad" }, button("Back to the list", closeGroup, { icon: "back" }), errorBox(error, () => openGroup(number))));
  }
  host.removeAttribute("aria-busy");
  return undefined;
}

// What is chosen may have changed elsewhere; pictures are only drawn anew where files came or went.
async function refresh() {
  const before = app.group;
  if (!before || before.group !== app.open) return;
  const fresh = await get(ofResult(`group/${before.group}`)).catch(() => null);
  if (!fresh || app.open !== before.group) return;
  const isEqual = fresh.files.map((file) => file.file).join() === before.files.map((file) => file.file).join();
  if (!isEqual) return openGroup(before.group, app.file);
  app.group = fresh;
  return redraw(fresh);
}

/** Closes the group and goes back to the list. */
export function closeGroup() {
  if (app.open === null) return;
  leave();
  Object.assign(app, { open: null, group: null, file: 0 });
  show(false);
  fill(host);
  writeAddress();
  focusList();
}

function show(isOpen) {
  host.hidden = !isOpen;
  document.getElementById("main").classList.toggle("split", isOpen);
}

function leave() {
  ender.abort();
  ender = new AbortController();
  viewer?.close();
  viewer = null;
  files = null;
  for (const giveUp of givenUp) giveUp();
  givenUp = [];
}

function draw(group, signal) {
  viewer = new Viewer(group);
  files = fileList(group, (giveUp) => givenUp.push(giveUp));
  fill(host, head(group), el("div", { class: "group-body" },
    el("p", { class: "box warn undecided" }), viewer.node,
    el("section", { class: "part" }, el("h3", { text: "Files" }), files),
    metadataPart(group, signal), digests(group)));
  host.scrollTop = 0;
  redraw(group);
}

function head(group) {
  return [
    el("div", { class: "group-line" },
      button("List", closeGroup, { icon: "back", class: "button plain", "aria-label": "Back to the list" }),
      el("span", { class: "place quiet", text: placeInList() }),
      el("span", { class: "spring" }),
      button("", () => step(-1), { icon: "left", class: "button square", "aria-label": "Previous group", title: "Previous group (k)" }),
      button("", () => step(1), { icon: "right", class: "button square", "aria-label": "Next group", title: "Next group (j)" })),
    el("div", { class: "group-head" },
    el("h2", { tabindex: "-1" }, `${tierName(group.tier)}, `, counted(group.files.length, "file")),
    el("p", { class: "proof", text: group.proof ?? "" }),
    el("p", { class: "freed-line" }),
    el("div", { class: "group-acts" },
      button("Leave all", leaveAll, { key: "u" }),
      button("Let the rules choose", letRulesChoose, { title: "Forgets what was chosen by hand" }),
      isNear(group.tier) ? button("Not the same", () => notTheSame(app.file), { key: "n", disabled: !app.state.can_remember,
        title: app.state.can_remember ? "The file in focus is another picture than the first; remembered, and not shown again" : "There is no catalogue to remember it" }) : null)),
  ];
}

function redraw(group) {
  const undecided = host.querySelector(".undecided");
  if (!undecided) return;
  undecided.textContent = group.undecided ? `Undecided: ${group.undecided}. Press the number of the file that is to stay.` : "";
  undecided.hidden = !group.undecided;
  const goes = group.files.filter((file) => file.task === "remove").length;
  host.querySelector(".freed-line").textContent = goes > 0
    ? `${counted(goes, "file")} would go, ${bytes(freedBy(group))} freed` : "Nothing of this group goes";
  markFiles(files.list, group);
  viewer?.setGroup(group);
}

function digests(group) {
  if (!group.digest && !group.blake3) return null;
  const line = (label, value) => (value ? [el("dt", { text: label }), el("dd", {}, el("code", { text: value }))] : null);
  return el("details", { class: "part digests" }, el("summary", { text: "Digests" }),
    el("dl", {}, line("pixels", group.digest), line("BLAKE3 of the bytes", group.blake3)));
}

function focusFile(at) {
  if (!app.group || at < 0 || at >= app.group.files.length || at === app.file) return;
  app.file = at;
  tell("file", at);
  viewer?.focusFile(at);
}

/** Puts the next or the one before in focus. */
export function stepFile(by) {
  if (!app.group) return;
  focusFile(Math.max(0, Math.min(app.group.files.length - 1, app.file + by)));
  const pictures = viewer?.stage.getBoundingClientRect();
  // Who looks at the pictures goes on looking at them.
  if (pictures && pictures.bottom > host.getBoundingClientRect().top + SEEN_PX) return;
  document.querySelectorAll(".files > li")[app.file]?.scrollIntoView({ block: "nearest" });
}

/**
 * The viewer of the group that is open.
 * @returns {Viewer|null}
 */
export function currentViewer() {
  return viewer;
}
