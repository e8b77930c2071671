// Rules that choose what stays, for the list shown or for all.

import { post } from "./api.js";
import { openDialog } from "./dialog.js";
import { button, el, fill, freshId, select } from "./dom.js";
import { follow } from "./events.js";
import { refreshRows } from "./list.js";
import { errorBox } from "./notices.js";
import { progressBox } from "./progress.js";
import { app, ofResult, setTotals, tell } from "./store.js";
import { count, counted } from "./words.js";

let chosen = null;

/** Opens the dialog of the rules. */
export function openRules() {
  if (!app.state?.result) return;
  chosen ??= app.state.default_rules.map((rule) => ({ ...rule }));
  edit(openDialog("Rules that choose what stays"));
}

function edit(dialog) {
  const order = el("ol", { class: "plain-list rules" });
  const adder = el("div", { class: "bar-line" });
  const scope = scopeChoice();
  const draw = () => {
    fill(order, chosen.map((rule, at) => ruleItem(rule, at, draw)));
    fill(adder, addRule(draw));
  };
  draw();
  fill(dialog.body,
    el("p", { class: "quiet", text: "Each rule chooses among the files that the ones before it left. Where they tie, the group stays undecided." }),
    order, adder, scope.node,
    el("p", { class: "quiet", text: "Choices made by hand stand above rules." }));
  fill(dialog.foot, button("Forget choices made by hand", () => clear(dialog, scope.list())), el("span", { class: "spring" }),
    button("Apply the rules", () => run(dialog, scope.list()), { class: "button main" }));
}

function scopeChoice() {
  const id = freshId();
  const isPart = app.list && app.list.groups < app.state.result.groups;
  const inputs = [["list", `the list shown (${counted(app.list?.groups ?? 0, "group")})`], ["all", `all (${counted(app.state.result.groups, "group")})`]]
    .map(([value, text]) => {
      const input = el("input", { type: "radio", name: id, id: `${id}-${value}`, value });
      input.checked = (value === "list") === Boolean(isPart);
      return [input, el("p", { class: "check" }, input, el("label", { for: input.id, text }))];
    });
  const node = el("fieldset", { class: "options" }, el("legend", { text: "Which groups" }), inputs.map(([, line]) => line));
  return { node, list: () => (inputs[0][0].checked ? app.list.list : null) };
}

function describe(rule) {
  return app.state.rules.find((one) => one.name === rule.name) ?? { name: rule.name, text: rule.name, takes: null };
}

function ruleItem(rule, at, draw) {
  const about = describe(rule);
  const move = (by) => {
    const [taken] = chosen.splice(at, 1);
    chosen.splice(at + by, 0, taken);
    draw();
  };
  return el("li", { class: "item" }, el("span", { text: `${at + 1}. ${about.text}` }), valueOf(rule, about),
    button("Up", () => move(-1), { disabled: at === 0, "aria-label": `Up: ${about.text}`, class: "button plain" }),
    button("Down", () => move(1), { disabled: at === chosen.length - 1, "aria-label": `Down: ${about.text}`, class: "button plain" }),
    button("Remove", () => { chosen.splice(at, 1); draw(); }, { "aria-label": `Remove: ${about.text}`, class: "button plain" }));
}

function valueOf(rule, about) {
  if (about.takes === "folder") {
    const folders = app.state.result.folders.map((one) => [String(one.folder), one.text]);
    rule.value ??= folders.length > 0 ? Number(folders[0][0]) : null;
    const node = select(folders, String(rule.value), (value) => { rule.value = Number(value); });
    node.setAttribute("aria-label", `${about.text}: folder`);
    return node;
  }
  if (about.takes) {
    rule.value ??= "";
    return el("input", { type: "text", value: rule.value, placeholder: "*_edited*", "aria-label": `${about.text}: pattern`, autocomplete: "off",
      oninput: (event) => { rule.value = event.target.value; } });
  }
  return null;
}

function addRule(draw) {
  const left = app.state.rules.filter((one) => one.takes || !chosen.some((rule) => rule.name === one.name));
  if (left.length === 0) return null;
  const which = select(left.map((one) => [one.name, one.text]), left[0].name, () => {});
  which.setAttribute("aria-label", "Rule to add");
  return [which, button("Add", () => { chosen.push({ name: which.value, value: null }); draw(); })];
}

async function run(dialog, list) {
  const rules = chosen.map((rule) => (rule.value === null ? { name: rule.name } : { name: rule.name, value: rule.value }));
  fill(dialog.foot);
  try {
    const { job } = await post(ofResult("rules"), { rules, list });
    const box = progressBox(job);
    fill(dialog.body, box.node);
    const ended = await follow(job, box.update);
    if (!ended.outcome) throw new Error(ended.error ?? "it was stopped");
    done(dialog, ended.outcome);
  } catch (error) {
    fill(dialog.body, errorBox(error));
    fill(dialog.foot, button("Back", () => edit(dialog)));
  }
}

function done(dialog, outcome) {
  setTotals(outcome.totals);
  changed();
  fill(dialog.body, el("p", { class: "big", text: `${counted(outcome.totals.decided, "group")} decided, ${count(outcome.totals.undecided)} undecided.` }),
    outcome.reasons.length > 0 ? el("p", { text: "Why groups are undecided:" }) : null,
    el("ul", {}, outcome.reasons.map((one) => el("li", { text: `${one.reason}: ${counted(one.groups, "group")}` }))));
  fill(dialog.foot, button("Back", () => edit(dialog)), button("Close", dialog.close, { class: "button main" }));
  dialog.heading.focus();
}

async function clear(dialog, list) {
  try {
    const said = await post(ofResult("clear"), { list });
    setTotals(said.totals);
    changed();
    dialog.close();
  } catch (error) {
    dialog.body.append(errorBox(error));
  }
}

function changed() {
  refreshRows();
  tell("refresh");
}
