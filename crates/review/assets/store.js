// What the page knows, and who wants to hear of changes. Choices live in the program; what is looked at lives in the address.

const heard = new EventTarget();

/** Filters and order of the list as they are before anyone sets them. */
export const NO_FILTERS = Object.freeze({
  tier: null, format: null, folder: null, label: null, min_bytes: 0, max_bytes: null, text: "", show: "all", sort: "freed",
});

/** What the page knows. */
export const app = {
  /** answer of `/api/state`, or null before it came */
  state: null,
  filters: { ...NO_FILTERS },
  /** the list shown: its number, groups, files, freed bytes */
  list: null,
  /** position in the list, from 0 */
  at: 0,
  /** number of the group that is open, or null */
  open: null,
  /** the group that is open, as the program describes it, or null */
  group: null,
  /** position of the file in focus in the group that is open */
  file: 0,
};

/**
 * Calls a function on each event of a name.
 * @param {string} what name: `state`, `totals`, `list`, `open`, `group`, `file`, `job`
 * @param {Function} task called with the detail
 */
export function on(what, task) {
  heard.addEventListener(what, (event) => task(event.detail));
}

/**
 * Tells those who listen.
 * @param {string} what name of the event
 * @param {any} [detail] what they get
 */
export function tell(what, detail) {
  heard.dispatchEvent(new CustomEvent(what, { detail }));
}

/**
 * The path of a request about the result shown.
 * @param {string} rest what follows the number of the result
 * @returns {string}
 */
export function ofResult(rest) {
  return `/api/r/${app.state?.result?.result ?? 0}/${rest}`;
}

/** Takes new totals over and tells it. */
export function setTotals(totals) {
  if (!totals || !app.state) return;
  app.state.totals = totals;
  tell("totals", totals);
}

const TEXTS = ["tier", "format", "label"];
const NUMBERS = ["folder", "min_bytes", "max_bytes"];

/** Reads filters, position and open group from the address. */
export function readAddress() {
  const said = new URLSearchParams(location.hash.slice(1));
  const filters = { ...NO_FILTERS };
  for (const key of TEXTS) filters[key] = said.get(key);
  for (const key of NUMBERS) filters[key] = number(said.get(key), NO_FILTERS[key]);
  filters.text = said.get("text") ?? "";
  filters.show = said.get("show") ?? NO_FILTERS.show;
  filters.sort = said.get("sort") ?? NO_FILTERS.sort;
  app.filters = filters;
  app.at = number(said.get("at"), 0);
  app.open = number(said.get("group"), null);
}

function number(text, otherwise) {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : otherwise;
}

/**
 * Writes filters, position and open group into the address.
 * @param {boolean} [asStep] whether going back returns to what was before
 */
export function writeAddress(asStep = false) {
  const said = new URLSearchParams();
  if (app.open !== null) said.set("group", app.open);
  if (app.at > 0) said.set("at", app.at);
  for (const [key, value] of Object.entries(app.filters)) {
    if (value !== NO_FILTERS[key] && value !== null) said.set(key, value);
  }
  const address = location.pathname + (said.size > 0 ? `#${said}` : "");
  if (asStep) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}
