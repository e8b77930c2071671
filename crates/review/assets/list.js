// The list of groups: which there are, where the reader is, and how to get on.

import { get, post } from "./api.js";
import { button, el, fill } from "./dom.js";
import { errorBox, say, tellError } from "./notices.js";
import { Pages } from "./pages.js";
import { clearRow, fillRow, makeRow, markRow } from "./row.js";
import { NO_FILTERS, app, on, ofResult, tell, writeAddress } from "./store.js";
import { setResting } from "./thumbs.js";
import { VirtualList } from "./virtual.js";
import { count, counted } from "./words.js";

const PICTURE_REM = 4.4;
const TEXT_REM = 12.5;
const MOST_PICTURES = 4;
let port;
let list;
let pages;
let room = 3;
let asked = 0;

/**
 * Prepares the list.
 * @param {HTMLElement} host where it stands
 */
export function initList(host) {
  port = host;
  const layer = el("div", { class: "layer", role: "list", "aria-labelledby": "side-title" });
  pages = new Pages(fetchPage, () => list.refill(), (error) => tellError(error, "could not load the list"));
  list = new VirtualList(port, layer, {
    rowHeight: 5.5 * rem(),
    create: () => makeRow(openAt),
    fill: (node, at) => fillRow(node, pages.row(at), { at, count: pages.count, isCurrent: at === app.at, pictures: room }),
    clear: clearRow,
    seen: (first, last, isResting) => {
      setResting(isResting);
      if (isResting) pages.want(first, last);
      else wantSlowly(first, last);
    },
  });
  port.layer = layer;
  new ResizeObserver(measure).observe(port);
  port.addEventListener("focusin", (event) => {
    if (event.target.closest(".row")) list.reveal(app.at);
  });
  on("group", updateRow);
}

function rem() {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}

// While the list is scrolled, a page is asked for at most every 80 ms.
let lastAsked_ms = 0;
function wantSlowly(first, last) {
  const now = performance.now();
  if (now - lastAsked_ms < 80) return;
  lastAsked_ms = now;
  pages.want(first, last);
}

function measure() {
  const wide = port.clientWidth / rem();
  const fits = Math.max(1, Math.min(MOST_PICTURES, Math.floor((wide - TEXT_REM) / PICTURE_REM)));
  if (fits === room) return;
  room = fits;
  port.layer.style.setProperty("--room", room);
  list.refill();
}

function fetchPage(from, many, signal) {
  return get(ofResult(`list/${app.list.list}?from=${from}&count=${many}`), signal);
}

/**
 * Asks the program for the list that the filters describe, and shows it.
 * @param {boolean} [fromTop] whether to begin at its top, or where the reader is
 */
export async function loadList(fromTop = false) {
  const mine = asked += 1;
  if (fromTop) app.at = 0;
  port.setAttribute("aria-busy", "true");
  try {
    const found = await post(ofResult("list"), app.filters);
    if (mine !== asked) return;
    app.list = { ...found, of: app.state.result.groups };
    app.at = Math.max(0, Math.min(app.at, found.groups - 1));
    showList();
  } catch (error) {
    if (mine !== asked || error.status === 410) return;
    fill(port, errorBox(error, () => loadList(fromTop)));
  } finally {
    if (mine === asked) port.removeAttribute("aria-busy");
  }
}

function showList() {
  pages.reset(app.list.groups);
  if (app.list.groups === 0) fill(port, nothingFound());
  else if (port.firstElementChild !== port.layer || port.childElementCount > 1) fill(port, port.layer);
  list.setCount(app.list.groups, app.at);
  list.pin(app.at);
  writeAddress();
  say(`${counted(app.list.groups, "group")} shown`);
  tell("list", app.list);
}

function nothingFound() {
  const isFiltered = Object.keys(NO_FILTERS).some((key) => key !== "sort" && app.filters[key] !== NO_FILTERS[key]);
  return el("div", { class: "empty" },
    el("p", { class: "big", text: isFiltered ? "No group fits the filters." : "Nothing here exists twice." }),
    isFiltered ? button("Clear the filters", () => tell("unfilter")) : null);
}

/** Fetches anew what is shown, after choices were changed for many groups. */
export function refreshRows() {
  pages.refresh();
  list.draw();
}

/**
 * Changes what is shown of a group.
 * @param {object} group the group as the program describes it, with all its files
 */
function updateRow(group) {
  if (!group) return;
  pages.update(group.group, (row) => {
    const tasks = new Map(group.files.map((file) => [file.file, file]));
    for (const one of row.names) {
      one.task = tasks.get(one.file)?.task ?? null;
      one.reason = tasks.get(one.file)?.reason ?? null;
    }
    row.undecided = group.undecided;
    const stays = group.files.find((file) => file.task === "keep");
    row.stays = stays ? { file: stays.file, text: stays.path.parts.at(-1), reason: stays.reason } : null;
  });
  list.refill();
}

/**
 * Marks a group as one that will not be shown again.
 * @param {number} number its number
 */
export function markGone(number) {
  pages.update(number, (row) => { row.gone = true; });
  list.refill();
}

function openAt(at) {
  goTo(at);
  openCurrent();
}

/** Opens the group at the reader's place. */
export async function openCurrent() {
  const at = app.at;
  const row = await pages.rowLater(at).catch((error) => tellError(error, "could not load the list"));
  if (row && app.at === at) tell("open", row.group);
}

/**
 * The group at the reader's place.
 * @returns {object|undefined} its row, if it is here
 */
export function currentRow() {
  return pages.row(app.at);
}

/**
 * Makes a row the reader's place.
 * @param {number} at position in the list
 * @param {boolean} [isFocused] whether it gets the focus
 */
export function goTo(at, isFocused = false) {
  const before = list.nodeOf(app.at);
  if (before) markRow(before, false);
  app.at = Math.max(0, Math.min(at, pages.count - 1));
  list.pin(app.at);
  list.reveal(app.at);
  const now = list.nodeOf(app.at);
  if (now) markRow(now, true);
  if (now && isFocused) now.opener.focus({ preventScroll: true });
  writeAddress();
  tell("at", app.at);
}

/**
 * Goes on in the list; the group there is opened if one is open.
 * @param {number} by how many rows, negative to go back
 */
export function step(by) {
  if (pages.count === 0) return;
  const at = app.at + by;
  if (at < 0 || at >= pages.count) {
    say(by < 0 ? "This is the first group" : "This is the last group");
    if (Math.abs(by) === 1) return;
  }
  goTo(at, app.open === null);
  if (app.open !== null) openCurrent();
}

/** Gives the focus to the reader's place. */
export function focusList() {
  goTo(app.at, true);
}

/**
 * Where the reader is, in words.
 * @returns {string} such as "12 of 3,000"
 */
export function placeInList() {
  return pages.count > 0 ? `${count(app.at + 1)} of ${count(pages.count)}` : "";
}

/**
 * How many rows are in view.
 * @returns {number}
 */
export function rowsInView() {
  return Math.max(1, Math.floor(port.clientHeight / list.rowHeight) - 1);
}
