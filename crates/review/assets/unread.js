// The files that were not compared, and why.

import { get } from "./api.js";
import { openDialog } from "./dialog.js";
import { button, el, fill } from "./dom.js";
import { pathLine } from "./files.js";
import { errorBox } from "./notices.js";
import { ofResult } from "./store.js";
import { count } from "./words.js";

const PAGE = 100;

/** Opens the list of the files that were not compared. */
export function openUnread() {
  const dialog = openDialog("Files that were not compared", { wide: true });
  const list = el("ul", { class: "plain-list" });
  fill(dialog.body, el("p", { class: "quiet", text: "They are in no group, and nothing is done to them." }), list);
  add(dialog, list);
}

async function add(dialog, list) {
  fill(dialog.foot);
  try {
    const found = await get(ofResult(`unread?from=${list.childElementCount}&count=${PAGE}`));
    list.append(...found.files.map((one) => el("li", {}, pathLine(one.path.parts), el("p", { class: "warn", text: one.reason }))));
    const left = found.count - list.childElementCount;
    if (left > 0) fill(dialog.foot, button(`Show more (${count(left)} left)`, () => add(dialog, list)));
  } catch (error) {
    fill(dialog.foot, errorBox(error, () => add(dialog, list)));
  }
}
