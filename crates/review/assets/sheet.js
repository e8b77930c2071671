// One picture in a pane: drawn where the view says, and fetched in as many pixels as the view needs.

import { picture } from "./api.js";
import { el, settled } from "./dom.js";
import { unshown } from "./words.js";

const LADDER = [512, 1024, 2048, 4096, 8192, 16384];

/** A picture that is moved and zoomed. A view is `{zoom, x, y}`: 1 fits the pane; x and y, 0 to 1, is the middle. */
export class Sheet {
  /**
   * @param {Function} pathFor path of the request for a picture of at most so many pixels a side
   * @param {string} alt what a screen reader says
   * @param {{width: number, height: number}} size pixels of the whole picture, 0 if unknown
   */
  constructor(pathFor, alt, size) {
    Object.assign(this, { pathFor, alt, width: size.width, height: size.height });
    this.image = null;
    this.side = 0;
    this.wanted = 0;
    this.ender = new AbortController();
    this.node = el("div", { class: "sheet", "aria-busy": "true" });
    this.node.append(el("span", { class: "sheet-wait", text: "Loading …" }));
    this.sharpen = settled((side) => this.load(side), 150);
  }

  /**
   * Draws the picture as a view says.
   * @param {{zoom: number, x: number, y: number}} view the view
   * @returns {number} pixels of the screen for one of the picture
   */
  place(view) {
    const wide = this.node.clientWidth;
    const high = this.node.clientHeight;
    if (wide === 0 || high === 0) return 0;
    const scale = this.fit(wide, high) * view.zoom;
    if (this.image) this.draw(view, wide, high, scale);
    const whole = Math.max(this.width, this.height);
    const dots = Math.min(whole || Infinity, whole ? whole * scale * devicePixelRatio : Math.max(wide, high));
    const side = LADDER.find((step) => step >= dots) ?? LADDER.at(-1);
    if (side > this.wanted) {
      const isFirst = this.wanted === 0;
      this.wanted = side;
      if (isFirst) this.load(side);
      else this.sharpen(side);
    }
    return scale;
  }

  fit(wide, high) {
    return this.width && this.height ? Math.min(wide / this.width, high / this.height) : 1;
  }

  draw(view, wide, high, scale) {
    const x = inside(view.x, (this.width * scale) / wide);
    const y = inside(view.y, (this.height * scale) / high);
    const left = wide / 2 - x * this.width * scale;
    const top = high / 2 - y * this.height * scale;
    this.image.style.width = `${this.width}px`;
    this.image.style.height = `${this.height}px`;
    this.image.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    this.image.style.setProperty("--squares", `${20 / scale}px`);
    this.image.classList.toggle("squares", scale * devicePixelRatio >= 2);
  }

  /** Fetches the picture anew, for what `pathFor` gives has changed. */
  reload() {
    this.load(this.wanted || LADDER[1]);
  }

  async load(side) {
    this.ender.abort();
    this.ender = new AbortController();
    const { signal } = this.ender;
    try {
      const { blob, headers } = await picture(this.pathFor(side), signal);
      await this.show(blob, headers, side, signal);
    } catch (error) {
      if (error.name !== "AbortError" && !signal.aborted) this.fail(error);
    }
  }

  async show(blob, headers, side, signal) {
    const url = URL.createObjectURL(blob);
    const image = el("img", { alt: this.alt, draggable: "false", class: "sheet-image" });
    image.src = url;
    try {
      await image.decode();
    } finally {
      URL.revokeObjectURL(url);
    }
    if (signal.aborted) return;
    const size = /^(\d+)x(\d+)$/.exec(headers.get("X-Pixtwin-Size") ?? "");
    this.width = size ? Number(size[1]) : this.width || image.naturalWidth;
    this.height = size ? Number(size[2]) : this.height || image.naturalHeight;
    this.image = image;
    this.side = side;
    this.node.replaceChildren(image);
    this.node.removeAttribute("aria-busy");
    this.onready?.(headers);
  }

  fail(error) {
    this.image = null;
    this.node.removeAttribute("aria-busy");
    this.node.replaceChildren(el("div", { class: "sheet-words" },
      el("strong", { text: error.kind ? unshown(error.kind) : "cannot be shown" }), el("span", { text: error.message })));
    this.onready?.(null);
  }

  /** Gives up what is under way. */
  end() {
    this.ender.abort();
  }
}

/** Words in the place of a picture, which need no request. */
export class Words extends Sheet {
  /**
   * @param {string} title what there is, in a word or two
   * @param {string} text why
   */
  constructor(title, text) {
    super(null, "", { width: 0, height: 0 });
    this.node.removeAttribute("aria-busy");
    this.node.replaceChildren(el("div", { class: "sheet-words" }, el("strong", { text: title }), el("span", { text })));
  }

  async load() {}
}

// The middle, so that a picture larger than the pane fills it, and a smaller one stands in its middle.
function inside(middle, share) {
  if (share <= 1) return 0.5;
  const edge = 0.5 / share;
  return Math.max(edge, Math.min(1 - edge, middle));
}
