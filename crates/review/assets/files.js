// The files of a group: where each is, how they differ, and what becomes of them.

import { setFile, canGo } from "./decide.js";
import { el, fill, freshId, name } from "./dom.js";
import { pictureBox } from "./row.js";
import { app, on, tell } from "./store.js";
import { bytes, count, sides, taskName } from "./words.js";

const TASKS = ["keep", "remove", "leave"];
const AT_ONCE = 50;
const LINKS_SHOWN = 3;

/**
 * The files of a group, the first 50 at first.
 * @param {object} group the group as the program describes it
 * @param {Function} giving called with functions that give pictures up
 * @returns {HTMLElement}
 */
export function fileList(group, giving) {
  const list = el("ol", { class: "files" });
  const odd = differingFacts(group.files);
  const isOddPart = oddParts(group);
  const more = el("button", { type: "button", class: "button" });
  const add = () => {
    const from = list.childElementCount;
    for (const [i, file] of group.files.slice(from, from + AT_ONCE).entries()) {
      list.append(fileItem(group, file, { at: from + i, odd, isOddPart, giving }));
    }
    const left = group.files.length - list.childElementCount;
    more.hidden = left <= 0;
    more.textContent = `Show more files (${count(left)} left)`;
  };
  more.addEventListener("click", add);
  add();
  markFiles(list, group);
  return Object.assign(el("div", {}, list, more), { list });
}

function fileItem(group, file, { at, odd, isOddPart, giving }) {
  const facts = factsOf(file).map(([key, text]) => el("span", { class: odd.has(key) ? "fact odd" : "fact", text }));
  const item = el("li", { class: "file", onfocusin: () => tell("focus-file", at), onclick: () => tell("focus-file", at) },
    el("span", { class: "file-number", "aria-hidden": "true", text: String(at + 1) }),
    pictureBox(file.file, giving),
    el("div", { class: "file-text" },
      pathLine(file.path.parts, isOddPart),
      el("p", { class: "facts" }, facts, badges(file)),
      file.near ? el("p", { class: "near", text: file.near.words }) : null,
      el("p", { class: "quiet", text: at === 0 || !file.proof ? "" : file.proof }),
      el("p", { class: "file-reason" }),
      linksOf(file)),
    taskChoice(group, file, at));
  return item;
}

function badges(file) {
  return [file.here === false ? el("span", { class: "badge warn", text: `on ${file.host ?? "another host"}` }) : null,
    file.repeated ? el("span", { class: "badge warn", text: "in another group too" }) : null];
}

function taskChoice(group, file, at) {
  const id = freshId();
  const choices = TASKS.map((task) => {
    const input = el("input", { type: "radio", name: id, value: task, id: `${id}-${task}`, onchange: () => {
      setFile(app.group ?? group, at, task);
    } });
    input.disabled = task === "remove" && !canGo(file);
    return [input, el("label", { for: input.id, class: task, text: taskName(task) })];
  });
  return el("fieldset", { class: "segments tasks" }, el("legend", { class: "hidden", text: `Picture ${at + 1}: what becomes of it` }), choices);
}

/**
 * Shows the tasks of a group in the list of its files.
 * @param {HTMLElement} list the `ol`
 * @param {object} group the group
 */
export function markFiles(list, group) {
  for (const [at, item] of [...list.children].entries()) {
    const file = group.files[at];
    const task = TASKS.includes(file.task) ? file.task : "leave";
    item.dataset.task = task;
    item.classList.toggle("focus", at === app.file);
    for (const input of item.querySelectorAll("input")) input.checked = input.value === task;
    fill(item.querySelector(".file-reason"), file.reason ? reasonOf(task, file.reason) : null);
  }
}

function reasonOf(task, reason) {
  return [el("strong", { text: taskName(task) }), `: ${reason}`];
}

function factsOf(file) {
  return [["format", file.format], ["bytes", bytes(file.bytes)], ["sides", sides(file.width, file.height)],
    ["modified", file.modified ?? ""]].filter(([, text]) => text);
}

function differingFacts(files) {
  const odd = new Set();
  for (const key of ["format", "bytes", "modified"]) {
    if (files.some((file) => file[key] !== files[0][key])) odd.add(key);
  }
  if (files.some((file) => file.width !== files[0].width || file.height !== files[0].height)) odd.add("sides");
  return odd;
}

// Which parts of a path differ from the others': at the same depth, or else between what all begin and all end with.
function oddParts(group) {
  const paths = group.files.map((file) => file.path.parts);
  const isLevel = paths.every((parts) => parts.length === paths[0].length);
  if (isLevel) {
    const odd = paths[0].map((part, i) => paths.some((parts) => parts[i] !== part));
    return (i) => odd[i];
  }
  const ends = commonEnds(group);
  return (i, many) => i >= group.common_parts && i < many - ends;
}

// How many last parts all paths share.
function commonEnds(group) {
  const [first, ...others] = group.files.map((file) => file.path.parts);
  let shared = 0;
  while (shared < first.length - group.common_parts
    && others.every((parts) => parts.length - shared > group.common_parts && parts.at(-1 - shared) === first.at(-1 - shared))) {
    shared += 1;
  }
  return shared;
}

/**
 * A path; what not all share is marked.
 * @param {Array<string>} parts folders and the name
 * @param {Function} [isOdd] whether to mark a part, by its position and how many parts there are
 * @returns {HTMLElement}
 */
export function pathLine(parts, isOdd = () => false) {
  const line = el("p", { class: "path" });
  for (const [i, part] of parts.entries()) {
    if (i > 0 && !parts[i - 1].endsWith("/")) line.append("/", el("wbr"));
    const node = isOdd(i, parts.length) ? el("mark", {}, name(part)) : name(part);
    if (i === parts.length - 1) node.classList.add("leaf");
    line.append(node);
  }
  return line;
}

function linksOf(file) {
  const links = file.links ?? [];
  if (links.length === 0) return null;
  const shown = el("ul", { class: "links" }, links.slice(0, 500).map((link) => el("li", {}, pathLine(link.parts))));
  const title = links.length === 1 ? "1 more name of this file" : `${count(links.length)} more names of this file`;
  const box = el("details", { class: "links-box" }, el("summary", { text: title }), shown);
  box.open = links.length <= LINKS_SHOWN;
  return box;
}

// Only here so that a change of focus is drawn wherever a list of files is.
on("file", () => {
  for (const item of document.querySelectorAll(".files > li")) item.classList.remove("focus");
  document.querySelectorAll(".files > li")[app.file]?.classList.add("focus");
});
