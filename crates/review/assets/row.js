// One row of the list: its pictures, what stays and why, and what it frees.

import { el, fill, icon, name } from "./dom.js";
import { thumb } from "./thumbs.js";
import { bytes, count, counted, sides, taskName, tierName, unshown } from "./words.js";

const PICTURES = 6;

/**
 * Makes the element of a row, empty.
 * @param {Function} onopen called with the position in the list
 * @returns {HTMLElement}
 */
export function makeRow(onopen) {
  const parts = {
    pictures: el("span", { class: "row-pictures" }),
    title: el("span", { class: "row-title" }),
    facts: el("span", { class: "row-facts" }),
    reason: el("span", { class: "row-reason" }),
    freed: el("span", { class: "row-freed" }),
    tier: el("span", { class: "badge" }),
  };
  const opener = el("button", { type: "button", class: "row-open", tabindex: "-1" }, parts.pictures,
    el("span", { class: "row-text" }, parts.title, parts.facts, parts.reason),
    el("span", { class: "row-side" }, parts.freed, parts.tier));
  const node = el("div", { class: "row", role: "listitem" }, opener);
  opener.addEventListener("click", () => onopen(node.at));
  return Object.assign(node, { parts, opener, at: -1, givenUp: [] });
}

/**
 * Shows a row in its element.
 * @param {HTMLElement} node what `makeRow` gave
 * @param {object|undefined} row the row as the program describes it, if it is here yet
 * @param {{at: number, count: number, isCurrent: boolean, pictures: number}} where its place in the list, and for how many
 *   pictures there is room
 */
export function fillRow(node, row, where) {
  clearRow(node);
  node.at = where.at;
  node.setAttribute("aria-posinset", where.at + 1);
  node.setAttribute("aria-setsize", where.count);
  markRow(node, where.isCurrent);
  node.classList.toggle("waiting", !row);
  node.classList.toggle("gone", Boolean(row?.gone));
  if (row) fillParts(node, row, where.pictures);
  else node.parts.title.textContent = `Group ${count(where.at + 1)} …`;
}

/**
 * Marks the current row.
 * @param {HTMLElement} node its element
 * @param {boolean} isCurrent whether it is the one
 */
export function markRow(node, isCurrent) {
  node.classList.toggle("current", isCurrent);
  node.opener.tabIndex = isCurrent ? 0 : -1;
  if (isCurrent) node.opener.setAttribute("aria-current", "true");
  else node.opener.removeAttribute("aria-current");
}

/**
 * Takes everything out of the element of a row, and gives up what it waits for.
 * @param {HTMLElement} node what `makeRow` gave
 */
export function clearRow(node) {
  for (const giveUp of node.givenUp) giveUp();
  node.givenUp = [];
  for (const part of Object.values(node.parts)) part.replaceChildren();
}

function fillParts(node, row, room) {
  const { parts } = node;
  const stays = row.stays ?? row.names.find((one) => one.task === "keep");
  const formats = [...new Set(row.names.map((one) => one.format))].join(", ");
  fill(parts.title, name((stays ?? row.names[0])?.text ?? ""));
  fill(parts.facts, row.freed > 0 ? el("span", { class: "row-freed-too", "aria-hidden": "true", text: `${bytes(row.freed)} · ` }) : null,
    [counted(row.files, "file"), formats, sides(row.width, row.height)].join(" · "));
  fill(parts.reason, ...reasonOf(row, stays));
  parts.freed.textContent = row.freed > 0 ? bytes(row.freed) : "—";
  parts.freed.title = row.freed > 0 ? "freed if one file stays" : "nothing is freed";
  parts.tier.textContent = tierName(row.tier);
  parts.tier.dataset.tier = row.tier;
  const shown = picturesOf(row, Math.min(room, PICTURES));
  fill(parts.pictures, shown.map((one) => thumbOf(node, one)));
  const more = row.files - shown.length;
  if (more > 0) parts.pictures.append(el("span", { class: "row-more", text: `+${count(more)}` }));
}

// The first files, in their order; if what stays is none of them, it takes the last place.
function picturesOf(row, room) {
  const first = row.names.slice(0, room);
  if (row.stays && !first.some((one) => one.task === "keep")) first.splice(-1, 1, { ...row.stays, task: "keep" });
  return first;
}

function reasonOf(row, stays) {
  if (row.gone) return ["not the same: hidden"];
  if (row.undecided) return [el("span", { class: "warn", text: `undecided: ${row.undecided}` })];
  const near = row.near ? [el("span", { class: "near", text: row.near }), " · "] : [];
  if (stays) return [...near, `stays: ${stays.reason ?? "kept"}`];
  return [...near, row.names.some((one) => one.task) ? "left alone" : "not decided yet"];
}

function thumbOf(node, one) {
  const box = pictureBox(one.file, (giveUp) => node.givenUp.push(giveUp));
  if (one.task === "keep" || one.task === "remove") {
    box.classList.add(one.task);
    box.append(el("span", { class: "mark-task" }, icon(one.task === "keep" ? "check" : "cross"),
      el("span", { class: "hidden", text: `${taskName(one.task)} ` })));
  }
  return box;
}

/**
 * A small picture of a file, or a tile that says why there is none.
 * @param {number} file number of the file
 * @param {Function} giving called with a function that gives the picture up
 * @returns {HTMLElement}
 */
export function pictureBox(file, giving) {
  const box = el("span", { class: "thumb" });
  giving(thumb(file, (found) => {
    if (found.url) {
      box.prepend(el("img", { src: found.url, alt: "", decoding: "async", draggable: "false" }));
    } else {
      box.classList.add("unshown");
      box.title = found.error.message;
      box.prepend(el("span", { class: "tile", text: unshown(found.error.kind) }));
    }
  }));
  return box;
}
