// The lines of a plan, page by page: what goes, what stays, and why.

import { get } from "./api.js";
import { button, el, fill } from "./dom.js";
import { pathLine } from "./files.js";
import { errorBox } from "./notices.js";
import { ofResult } from "./store.js";
import { count } from "./words.js";

const PAGE = 100;

/**
 * The lines of a plan, the first page at first.
 * @param {object} plan the plan with its first lines, as the program describes it
 * @returns {HTMLElement}
 */
export function planLines(plan) {
  const box = el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Steps of the plan" });
  const pager = el("div", { class: "pager" });
  const show = (page) => {
    fill(box, table(page.lines));
    box.scrollTop = 0;
    drawPager(page.from);
  };
  const turn = async (from) => {
    try {
      show(await get(ofResult(`plan/${plan.plan}?from=${from}&count=${PAGE}`)));
    } catch (error) {
      fill(box, errorBox(error, () => turn(from)));
    }
  };
  const drawPager = (from) => {
    const last = Math.min(from + PAGE, plan.steps);
    const before = button("Before", () => turn(Math.max(0, from - PAGE)), { icon: "left", disabled: from === 0 });
    const next = button("Next", () => turn(from + PAGE), { icon: "right", disabled: last >= plan.steps });
    fill(pager, plan.steps > PAGE ? [before, el("span", { text: `${count(from + 1)} to ${count(last)} of ${count(plan.steps)}` }), next] : null);
  };
  show(plan);
  return el("div", {}, box, pager);
}

function table(lines) {
  const head = el("tr", {}, ["Step", "Goes", "Stays", "Why"].map((text) => el("th", { scope: "col", text })));
  return el("table", { class: "plan" }, el("thead", {}, head), el("tbody", {}, lines.map(line)));
}

function line(one) {
  const loses = (one.loses ?? []).map((text) => el("p", { class: "warn", text: `would lose: ${text}` }));
  return el("tr", { class: one.problem ? "refused" : null },
    el("td", { text: count(one.step) }), el("td", {}, pathLine(one.path.parts)), el("td", {}, pathLine(one.stays.parts)),
    el("td", {}, el("p", { text: one.reason }),
      one.refused ? el("p", { class: "warn", text: `refused with the others: ${one.refused}` }) : null,
      one.pair ? el("p", { class: "near", text: "to be confirmed by itself" }) : null,
      one.done ? el("p", { class: "done", text: "done" }) : null,
      one.problem && !one.done ? el("p", { class: "warn", text: `refused: ${one.problem}` }) : null, loses));
}
