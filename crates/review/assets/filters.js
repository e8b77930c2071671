// The bar above the list: search, filters, order; and the totals below it.

import { button, el, field, fill, icon, select, settled } from "./dom.js";
import { loadList } from "./list.js";
import { NO_FILTERS, app, on, tell } from "./store.js";
import { bytes, count, counted, tierName } from "./words.js";

const SHOWN = [["all", "All groups"], ["undecided", "Undecided"], ["decided", "Decided"], ["dismissed", "Not the same"]];
const SORTS = [["freed", "Frees most"], ["size", "Largest file"], ["files", "Most files"], ["path", "Path"],
  ["distance", "Nearest"]];
const SIZES = [["0", "any size"], ["102400", "100 KiB"], ["1048576", "1 MiB"], ["10485760", "10 MiB"], ["104857600", "100 MiB"]];
let search;
let more;
let toggle;

/**
 * Draws the bar for the result at hand.
 * @param {HTMLElement} bar where
 */
export function drawFilters(bar) {
  const { result } = app.state;
  search = el("input", { type: "search", placeholder: "Search names", "aria-label": "Search names", value: app.filters.text,
    autocomplete: "off", spellcheck: "false", oninput: settled(() => set("text", search.value.trim()), 200) });
  search.value = app.filters.text;
  more = el("div", { class: "filters", id: "filters" }, controls(result));
  toggle = button("", () => setOpen(more.hidden), { icon: "filter", "aria-controls": "filters" });
  const hadFocus = bar.contains(document.activeElement) ? document.activeElement : null;
  fill(bar, el("div", { class: "bar-line", role: "search" }, search, toggle,
    button("Rules", () => tell("rules"), { title: "Let rules choose what stays" })), more);
  setOpen(active() > 0 && globalThis.innerWidth > 700);
  if (hadFocus?.type === "search") search.focus();
}

function controls(result) {
  const { filters } = app;
  const named = (from, words = (one) => one.name) =>
    [["", "any"], ...from.map((one) => [one.name, `${words(one)} (${count(one.groups ?? one.files)})`])];
  const folders = [["", "any"], ...result.folders.map((one) => [String(one.folder), `${one.text} (${count(one.files)})`])];
  return [
    field("Show", select(SHOWN, filters.show, (value) => set("show", value))),
    field("Sort", select(SORTS, filters.sort, (value) => set("sort", value))),
    field("Kind", select(named(result.tiers, (one) => tierName(one.name)), filters.tier ?? "", (value) => set("tier", value || null))),
    field("Format", select(named(result.formats), filters.format ?? "", (value) => set("format", value || null))),
    field("Folder", select(folders, String(filters.folder ?? ""), (value) => set("folder", value === "" ? null : Number(value)))),
    result.labels.length > 0
      ? field("Label", select(named(result.labels), filters.label ?? "", (value) => set("label", value || null))) : null,
    field("At least", select(SIZES, String(filters.min_bytes), (value) => set("min_bytes", Number(value)))),
    field("At most", select([["", "any size"], ...SIZES.slice(1)], String(filters.max_bytes ?? ""),
      (value) => set("max_bytes", value === "" ? null : Number(value)))),
    button("Clear", clearFilters, { class: "button plain" }),
  ];
}

function active() {
  return Object.keys(NO_FILTERS).filter((key) => key !== "text" && app.filters[key] !== NO_FILTERS[key]).length;
}

function setOpen(isOpen) {
  more.hidden = !isOpen;
  toggle.setAttribute("aria-expanded", String(isOpen));
  const set = active();
  fill(toggle, icon("filter"), el("span", { text: set > 0 ? `Filters (${set})` : "Filters" }));
}

function set(key, value) {
  if (app.filters[key] === value) return;
  app.filters[key] = value;
  setOpen(!more.hidden);
  loadList(true);
}

/** Shows all groups again, in the usual order. */
export function clearFilters() {
  app.filters = { ...NO_FILTERS };
  drawFilters(document.getElementById("bar"));
  loadList(true);
}

/** Gives the focus to the search. */
export function focusSearch() {
  search?.focus();
  search?.select();
}

/**
 * Draws the totals of the result and keeps them up to date.
 * @param {HTMLElement} host where
 */
export function initTotals(host) {
  const draw = () => {
    const totals = app.state?.totals;
    if (!totals || !app.state.result) return fill(host);
    const shown = app.list ? `${counted(app.list.groups, "group")} shown, at least ${bytes(app.list.freed)} to free` : "";
    return fill(host,
      el("p", { class: "totals-main" }, el("strong", { text: bytes(totals.freed) }), " freed by ",
        el("strong", { text: counted(totals.goes, "file") }), " that would go"),
      totals.decided === 0 && totals.undecided > 0 ? button("Let rules choose what stays", () => tell("rules"), { class: "button main" }) : null,
      el("p", { class: "quiet", text: [shown, `${count(totals.undecided)} undecided`,
        totals.pairs > 0 ? `${count(totals.pairs)} to confirm by themselves` : ""].filter(Boolean).join(" · ") }));
  };
  for (const what of ["totals", "list", "result"]) on(what, draw);
}
