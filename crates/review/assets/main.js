// Puts the page together: opens the session, reads the state, and hands the parts their places.

import { get, onConnection, openSession } from "./api.js";
import { openAct } from "./act.js";
import { openDismissed } from "./dismissed.js";
import { button, el, fill, settled } from "./dom.js";
import { deafen, listen } from "./events.js";
import { clearFilters, drawFilters, initTotals } from "./filters.js";
import { closeGroup, initGroup, openGroup } from "./group.js";
import { openHelp } from "./help.js";
import { initKeys } from "./keys.js";
import { initList, loadList, refreshRows } from "./list.js";
import { errorBox, standing } from "./notices.js";
import { initJobBar } from "./progress.js";
import { openRules } from "./rules.js";
import { openRuns } from "./runs.js";
import { openScan, scanPart } from "./scan.js";
import { app, on, readAddress, tell } from "./store.js";
import { openUnread } from "./unread.js";
import { counted } from "./words.js";

const place = (id) => document.getElementById(id);
let shown = null;

function begin() {
  initJobBar(place("job"));
  initList(place("list"));
  initGroup(place("detail"));
  initTotals(place("totals"));
  initKeys();
  on("act", openAct);
  on("rules", openRules);
  on("dismissed", openDismissed);
  on("help", openHelp);
  on("unfilter", clearFilters);
  on("changed", settled(readState, 50));
  onConnection("lost", () => standing("lost", "pixtwin has ended, or cannot be reached.", "The page tries again; if it was ended, start it again and open the address that it prints."));
  onConnection("found", () => { standing("lost", null); listen(); readState(); });
  onConnection("closed", showClosed);
  onConnection("stale", () => tell("changed"));
  globalThis.addEventListener("popstate", goBack);
  place("skip").addEventListener("click", (event) => {
    event.preventDefault();
    place("list").focus();
  });
  open();
}

async function open() {
  try {
    await openSession();
    readAddress();
    await readState();
    listen();
    document.addEventListener("visibilitychange", wake);
  } catch (error) {
    if (error.status !== 401) fill(place("list"), errorBox(error, open));
  }
}

// A page that nobody sees leaves its connection to others: a browser opens six to a host.
function wake() {
  if (document.hidden) {
    deafen();
    return;
  }
  listen();
  readState();
}

async function readState() {
  try {
    app.state = await get("/api/state");
  } catch (error) {
    if (error.status !== 0 && error.status !== 401) fill(place("list"), errorBox(error, readState));
    return;
  }
  tell("state", app.state);
  drawHead();
  const { result } = app.state;
  place("main").classList.toggle("start", !result);
  if (!result) return showStart();
  if (shown === result.result) return refresh(result.groups);
  showResult(result);
  return undefined;
}

function showResult(result) {
  const isFirst = shown === null;
  shown = result.result;
  if (!isFirst) {
    closeGroup();
    app.at = 0;
  }
  tell("result", result);
  drawFilters(place("bar"));
  loadList().then(() => { if (isFirst && app.open !== null) openGroup(app.open); });
}

function refresh(groups) {
  tell("totals", app.state.totals);
  if (groups === app.list?.of) refreshRows();
  else loadList();
  tell("refresh");
}

function showStart() {
  shown = null;
  fill(place("bar"));
  fill(place("totals"));
  fill(place("list"), el("div", { class: "empty start" }, el("h3", { text: "Find pictures that exist more than once" }), scanPart(() => {})));
}

function drawHead() {
  const { result, places } = app.state;
  document.title = `pixtwin · ${app.state.host}`;
  fill(place("origin"), result ? [el("bdi", { text: result.origin }), ` · ${counted(result.groups, "group")}, ${counted(result.files, "file")}`,
    result.complete ? "" : " · incomplete", result.unread > 0 ? [" · ", button(`${counted(result.unread, "file")} not compared`, openUnread, { class: "link" })] : null] : []);
  const menu = place("menu");
  const focused = [...menu.children].indexOf(document.activeElement);
  fill(menu,
    places.length > 0 ? button("Scan", openScan, { class: "button plain" }) : null,
    button("Runs", openRuns, { class: "button plain", title: "What was done, and undo" }),
    result ? button("Not the same", openDismissed, { class: "button plain" }) : null,
    button("Help", openHelp, { class: "button plain", key: "?" }),
    result ? button("Plan", openAct, { class: "button main", key: "a", title: "Make a plan and apply it" }) : null);
  if (focused >= 0) menu.children[focused]?.focus();
}

function showClosed() {
  deafen();
  const text = "This page is not open to this browser any more.";
  fill(place("list"), el("div", { class: "empty" }, el("p", { class: "big", text }),
    el("p", { class: "quiet", text: "Open the address that pixtwin printed when it started: it holds the key to this page." })));
}

function goBack() {
  const before = JSON.stringify(app.filters);
  const wasOpen = app.open;
  readAddress();
  const { open: number } = app;
  app.open = wasOpen;
  if (JSON.stringify(app.filters) !== before) {
    drawFilters(place("bar"));
    loadList();
  }
  if (number === wasOpen) return;
  if (number === null) closeGroup();
  else openGroup(number);
}

begin();
