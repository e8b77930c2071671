// What has to be told: to the eye in a line below the head of the page, to a screen reader through a live region.

import { button, el } from "./dom.js";

const SHORT_MS = 6000;

/**
 * Says a sentence to screen readers.
 * @param {string} text the sentence
 */
export function say(text) {
  const live = document.getElementById("live");
  live.textContent = "";
  setTimeout(() => { live.textContent = text; }, 30);
}

/**
 * Shows a sentence for a while.
 * @param {string} text the sentence
 * @param {Array<HTMLElement>} [buttons] what can be done about it
 */
export function tellShortly(text, ...buttons) {
  const note = show("done", text, null, buttons);
  setTimeout(() => note.remove(), SHORT_MS);
}

/**
 * Shows what went wrong until it is dismissed.
 * @param {Error} error what was thrown; a `hint` says what to do next
 * @param {string} [doing] what was tried, such as "could not save the choice"
 */
export function tellError(error, doing) {
  if (error.name === "AbortError") return;
  console.info(doing ?? "", error);
  if (error.status === 0) return;
  show("bad", doing ? `${doing}: ${error.message}` : error.message, error.hint, []);
}

/**
 * A sentence about an error, to be put where it happened.
 * @param {Error} error what was thrown
 * @param {Function} [again] tries again
 * @returns {HTMLElement}
 */
export function errorBox(error, again) {
  return el("div", { class: "box bad", role: "alert" },
    el("p", { text: error.message }),
    error.hint ? el("p", { class: "quiet", text: error.hint }) : null,
    again ? button("Try again", again) : null);
}

function show(kind, text, hint, buttons) {
  const note = el("div", { class: `note ${kind}`, role: kind === "bad" ? "alert" : "status" },
    el("p", {}, text, hint ? el("span", { class: "quiet", text: ` ${hint}` }) : null),
    buttons,
    button("Dismiss", () => note.remove(), { class: "button plain" }));
  const region = document.getElementById("notices");
  while (region.childElementCount > 3) region.firstElementChild.remove();
  region.append(note);
  return note;
}

/**
 * Shows or takes away a line that stays as long as something is wrong.
 * @param {string} id which line
 * @param {string|null} text the sentence; null takes it away
 * @param {string} [hint] what to do next
 */
export function standing(id, text, hint) {
  document.getElementById(id)?.remove();
  if (!text) return;
  document.getElementById("notices").prepend(el("div", { id, class: "note bad", role: "alert" },
    el("p", {}, text, hint ? el("span", { class: "quiet", text: ` ${hint}` }) : null)));
}
