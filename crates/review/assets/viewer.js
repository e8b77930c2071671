// The pictures of a group: side by side, or two of them over each other.

import { button, el, field, fill, freshId, select } from "./dom.js";
import { View, attach } from "./gestures.js";
import { app, ofResult, tell } from "./store.js";
import { Sheet, Words } from "./sheet.js";
import { count, sides, taskName } from "./words.js";

const MODES = [["side", "Side by side", ""], ["swipe", "Swipe", "s"], ["blink", "Blink", "b"], ["difference", "Difference", "d"]];
const AMPLIFY = [1, 2, 4, 8, 16, 32, 64, 128, 255];
const AT_ONCE = 9;
const BLINK_MS = 700;

/** Shows the pictures of one group. */
export class Viewer {
  /** @param {object} group the group as the program describes it */
  constructor(group) {
    this.group = group;
    this.mode = "side";
    this.first = 0;
    this.second = 1;
    this.amplify = 4;
    this.split = 50;
    this.sheets = [];
    this.view = new View(() => this.place());
    this.zoomText = el("output", { class: "zoom", title: "pixels of the screen for one of the first picture" });
    this.stage = el("div", { class: "stage", tabindex: "0", role: "group",
      "aria-label": "Pictures. Plus and minus zoom, zero fits, arrow keys move.", onkeydown: (event) => this.pressed(event) });
    this.extra = el("div", { class: "viewer-extra" });
    this.said = el("p", { class: "viewer-said", role: "status" });
    this.node = el("div", { class: "viewer" }, this.tools(), this.stage, this.extra, this.said);
    this.watcher = new ResizeObserver(() => this.place());
    this.watcher.observe(this.stage);
    this.build();
  }

  tools() {
    const name = freshId();
    this.modes = MODES.map(([mode, text, key]) => {
      const input = el("input", { type: "radio", name, value: mode, id: `${name}-${mode}`, onchange: () => this.setMode(mode) });
      input.checked = mode === this.mode;
      input.disabled = mode !== "side" && this.group.files.length < 2;
      return [input, el("label", { for: input.id }, text, key ? el("kbd", { "aria-hidden": "true", text: key }) : null)];
    });
    return el("div", { class: "viewer-tools" },
      el("fieldset", { class: "segments" }, el("legend", { class: "hidden", text: "How to compare" }), this.modes),
      el("div", { class: "zooms" },
        button("−", () => this.zoom(1 / 1.5), { "aria-label": "Zoom out", class: "button square" }), this.zoomText,
        button("+", () => this.zoom(1.5), { "aria-label": "Zoom in", class: "button square" }),
        button("Fit", () => this.view.reset(), { class: "button plain", key: "0" })));
  }

  /** Changes how pictures are compared; the same again goes back to side by side. */
  setMode(mode) {
    if (this.group.files.length < 2) return;
    this.mode = mode === this.mode ? "side" : mode;
    for (const [input] of this.modes) input.checked = input.value === this.mode;
    this.build();
  }

  /** Zooms around the middle. */
  zoom(factor) {
    this.view.zoomBy(factor);
  }

  /** Goes from the whole pictures to one pixel of the screen for one of the picture, and back. */
  zoomToggle() {
    if (this.view.zoom > 1) this.view.reset();
    else this.view.zoomBy(Math.max(2, 1 / Math.max(0.001, this.scale * devicePixelRatio)));
  }

  /** The file in focus has changed: it is what the first is compared with. */
  focusFile(at) {
    const second = at === this.first ? this.second : at;
    const isNew = second !== this.second;
    const before = this.page();
    this.second = second;
    if (this.mode === "side" ? this.page() !== before : isNew) this.build();
    this.markPanes();
  }

  /** The group has new tasks. */
  setGroup(group) {
    this.group = group;
    this.markPanes();
  }

  page() {
    return Math.floor(app.file / AT_ONCE);
  }

  build() {
    this.end();
    this.said.textContent = "";
    this.stage.dataset.mode = this.mode;
    fill(this.extra);
    if (this.mode === "side") this.buildSide();
    else this.buildOver();
    this.markPanes();
    this.place();
  }

  buildSide() {
    const from = this.page() * AT_ONCE;
    const shown = this.group.files.slice(from, from + AT_ONCE);
    this.stage.dataset.count = shown.length;
    this.panes = shown.map((file, i) => this.pane([this.sheet(from + i)], from + i));
    fill(this.stage, this.panes);
    if (this.group.files.length > AT_ONCE) {
      this.said.textContent = `Pictures ${count(from + 1)} to ${count(from + shown.length)} of ${count(this.group.files.length)}: the arrow keys go on.`;
    }
  }

  buildOver() {
    this.stage.dataset.count = 1;
    const isDifference = this.mode === "difference";
    const sheets = isDifference ? [this.differenceSheet()] : [this.sheet(this.first), this.sheet(this.second)];
    this.panes = [this.pane(sheets, null)];
    fill(this.stage, this.panes);
    fill(this.extra, this.pairChoice(), { swipe: () => this.swipeTools(), blink: () => this.blinkTools(), difference: () => this.differenceTools() }[this.mode]());
  }

  pane(sheets, at) {
    const node = el("figure", { class: "pane" }, el("div", { class: "pane-sheets" }, sheets.map((sheet) => sheet.node)));
    if (at !== null) {
      node.append(el("figcaption", { class: "pane-caption" }, el("span", { class: "pane-number", text: String(at + 1) }),
        el("span", { class: "pane-task" })));
    }
    const box = node.firstElementChild;
    attach(box, this.view, () => share(sheets[0], box), () => (at === null ? this.tapped() : tell("focus-file", at)));
    return Object.assign(node, { at, sheets });
  }

  sheet(at) {
    const file = this.group.files[at];
    // Turned pictures are brought to how the first is stored, and that is shown as stored.
    const turn = this.group.tier === "turned" ? `&turn=${file.near?.turn ?? 1}` : "";
    const size = turn ? { width: 0, height: 0 } : { width: file.width, height: file.height };
    return this.add(new Sheet((side) => ofResult(`picture/${file.file}?side=${side}${turn}`), `Picture ${at + 1}`, size));
  }

  differenceSheet() {
    const [a, b] = [this.group.files[this.first], this.group.files[this.second]];
    if (this.group.tier !== "turned" && haveOtherSides(a, b)) {
      return this.add(new Words("no difference", `They have other sides, so no pixel stands for another: ${sides(a.width, a.height)} and ${sides(b.width, b.height)}. Swipe and blink compare them as they look.`));
    }
    const path = () => ofResult(`difference/${a.file}/${b.file}?amplify=${this.amplify}`);
    const sheet = this.add(new Sheet(path, `Difference of picture ${this.first + 1} and ${this.second + 1}`, { width: 0, height: 0 }));
    sheet.onready = (headers) => {
      this.place();
      if (headers) this.said.textContent = differenceWords(headers);
    };
    return sheet;
  }

  add(sheet) {
    sheet.onready = () => this.place();
    this.sheets.push(sheet);
    return sheet;
  }

  pairChoice() {
    if (this.group.files.length < 3) return null;
    const options = this.group.files.slice(0, 200).map((_, i) => [String(i), `picture ${i + 1}`]);
    const change = (which) => (value) => { this[which] = Number(value); this.build(); };
    return [field("Compare", select(options, String(this.first), change("first"))),
      field("with", select(options, String(this.second), change("second")))];
  }

  swipeTools() {
    const range = el("input", { type: "range", min: "0", max: "100", step: "0.5", value: String(this.split) });
    range.addEventListener("input", () => this.setSplit(Number(range.value)));
    const line = el("div", { class: "swipe-line" });
    const box = this.panes[0].firstElementChild;
    box.append(line);
    this.line = line;
    line.addEventListener("pointerdown", (event) => line.setPointerCapture(event.pointerId));
    line.addEventListener("pointermove", (event) => {
      if (!line.hasPointerCapture(event.pointerId)) return;
      const left = (event.clientX - box.getBoundingClientRect().left) / box.clientWidth;
      this.setSplit(Math.max(0, Math.min(100, left * 100)));
      range.value = String(this.split);
    });
    this.setSplit(this.split);
    return field(`Picture ${this.first + 1} left, ${this.second + 1} right`, range);
  }

  setSplit(split) {
    this.split = split;
    this.panes[0].sheets[1].node.style.clipPath = `inset(0 0 0 ${split}%)`;
    this.line.style.left = `${split}%`;
  }

  blinkTools() {
    this.isSecond = false;
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const playing = el("button", { type: "button", class: "button", text: "" });
    const play = (isPlaying) => {
      clearInterval(this.timer);
      this.timer = isPlaying ? setInterval(() => this.blink(), BLINK_MS) : 0;
      playing.textContent = isPlaying ? "Pause" : "Blink by itself";
      playing.onclick = () => play(!isPlaying);
    };
    play(!isStill);
    this.shown = el("span", { class: "quiet", text: "" });
    this.isSecond = true;
    this.blink();
    return [playing, button("Show the other", () => { play(false); this.blink(); }, { title: "or click the picture" }), this.shown];
  }

  blink() {
    this.isSecond = !this.isSecond;
    this.panes[0].sheets[1].node.classList.toggle("away", !this.isSecond);
    this.shown.textContent = `picture ${(this.isSecond ? this.second : this.first) + 1}`;
  }

  differenceTools() {
    const range = el("input", { type: "range", min: "0", max: String(AMPLIFY.length - 1), step: "1", value: String(AMPLIFY.indexOf(this.amplify)) });
    const shown = el("output", { text: `× ${this.amplify}` });
    range.addEventListener("input", () => {
      this.amplify = AMPLIFY[Number(range.value)] ?? 1;
      shown.textContent = `× ${this.amplify}`;
      range.setAttribute("aria-valuetext", `times ${this.amplify}`);
      this.sheets[0].sharpen(this.sheets[0].wanted || 1024);
    });
    return [field("Amplified", range), shown];
  }

  tapped() {
    if (this.mode === "blink") this.blink();
  }

  pressed(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way || this.view.zoom === 1) return;
    event.preventDefault();
    event.stopPropagation();
    this.view.moveBy((way[0] * 0.2) / this.view.zoom, (way[1] * 0.2) / this.view.zoom);
  }

  place() {
    this.bound();
    for (const sheet of this.sheets) {
      const scale = sheet.place(this.view);
      if (sheet === this.sheets[0]) this.scale = scale;
    }
    this.stage.classList.toggle("zoomed", this.view.zoom > 1);
    this.zoomText.textContent = this.scale ? `${Math.round(this.scale * devicePixelRatio * 100)} %` : "";
  }

  // No further than the edge of the picture that reaches furthest.
  bound() {
    for (const axis of ["x", "y"]) {
      const edges = this.panes.map((pane) => Math.min(0.5, (0.5 * share(pane.sheets[0], pane.firstElementChild)[axis]) / this.view.zoom));
      const edge = Math.min(0.5, ...edges);
      this.view[axis] = Math.max(edge, Math.min(1 - edge, this.view[axis]));
    }
  }

  markPanes() {
    for (const pane of this.panes) {
      if (pane.at === null) continue;
      const { task } = this.group.files[pane.at];
      pane.dataset.task = task ?? "leave";
      pane.classList.toggle("focus", pane.at === app.file);
      pane.querySelector(".pane-task").textContent = taskName(task);
    }
  }

  /** Gives up what is under way. */
  end() {
    clearInterval(this.timer);
    for (const sheet of this.sheets) sheet.end();
    this.sheets = [];
  }

  /** Ends for good. */
  close() {
    this.end();
    this.watcher.disconnect();
  }
}

// How much of a picture a pane shows at zoom 1: more than 1 in the way in which it leaves room.
function share(sheet, box) {
  const scale = sheet.fit(box.clientWidth, box.clientHeight);
  return { x: box.clientWidth / Math.max(1, sheet.width * scale), y: box.clientHeight / Math.max(1, sheet.height * scale) };
}

function haveOtherSides(a, b) {
  return Boolean(a.width && b.width) && (a.width !== b.width || a.height !== b.height);
}

function differenceWords(headers) {
  const differing = Number(headers.get("X-Pixtwin-Pixels") ?? Number.NaN);
  if (Number.isNaN(differing)) return "";
  if (differing === 0) return "No pixel differs.";
  const largest = headers.get("X-Pixtwin-Largest");
  return `${count(differing)} ${differing === 1 ? "pixel differs" : "pixels differ"}${largest ? `; the largest difference of red, green, blue, alpha is ${largest.replaceAll(",", ", ")}` : ""}.`;
}
