// Dialogs: one above the page at a time, with the focus given back where it was.

import { button, el, freshId } from "./dom.js";

let opened = null;

/**
 * Opens a dialog.
 * @param {string} title its heading, which gets the focus: nothing that changes files is ever in focus by itself
 * @param {object} [options] `wide` for tables; `onclose` called when it has closed
 * @returns {{body: HTMLElement, foot: HTMLElement, close: Function, setTitle: Function}} where to put things
 */
export function openDialog(title, options = {}) {
  opened?.close();
  const before = document.activeElement;
  const id = freshId();
  const heading = el("h2", { id, tabindex: "-1", text: title });
  const body = el("div", { class: "dialog-body", tabindex: "0" });
  const foot = el("div", { class: "dialog-foot" });
  const node = el("dialog", { class: options.wide ? "wide" : null, "aria-labelledby": id },
    el("div", { class: "dialog-head" }, heading, button("Close", () => node.close(), { class: "button plain" })), body, foot);
  const dialog = { body, foot, close: () => node.close(), setTitle: (text) => { heading.textContent = text; }, heading };
  node.addEventListener("close", () => {
    opened = null;
    node.remove();
    options.onclose?.();
    if (before?.isConnected) before.focus({ preventScroll: true });
  });
  document.body.append(node);
  node.showModal();
  heading.focus();
  opened = dialog;
  return dialog;
}

/**
 * Whether a dialog is open.
 * @returns {boolean}
 */
export function isDialogOpen() {
  return document.querySelector("dialog[open]") !== null;
}
