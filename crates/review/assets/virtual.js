// A list of any length of which only what is in view has elements.
//
// Browsers draw no taller than some ten million pixels. A longer list gets a shorter way to scroll: small moves are taken as
// they are, leaps go by proportion, and once it rests the bar is put where it belongs.

const TALLEST_PX = 8_000_000;
const BEYOND = 4;
const REST_MS = 120;

/** A list that is drawn as it is scrolled. */
export class VirtualList {
  /**
   * @param {HTMLElement} port what scrolls
   * @param {HTMLElement} layer what is scrolled; gets the height
   * @param {object} parts `rowHeight` in pixels; `create()` gives the element of a row; `fill(node, at)` shows a row in it;
   *   `clear(node)` before it is used for another; `seen(first, last, resting)` after each drawing
   */
  constructor(port, layer, parts) {
    Object.assign(this, { port, layer, ...parts });
    this.count = 0;
    this.top_px = 0;
    this.seen_px = 0;
    this.pinned = -1;
    this.nodes = new Map();
    this.free = [];
    this.isAsked = false;
    this.isResting = true;
    port.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.ask()).observe(port);
  }

  get fullHeight() { return this.count * this.rowHeight; }

  get furthest() { return Math.max(0, this.fullHeight - this.port.clientHeight); }

  /** Sets how many rows there are, and where to begin. */
  setCount(count, at = 0) {
    this.count = count;
    this.layer.style.height = `${Math.min(this.fullHeight, TALLEST_PX)}px`;
    for (const at of [...this.nodes.keys()]) this.release(at);
    this.top_px = Math.min(at * this.rowHeight, this.furthest);
    this.putBar();
    this.draw();
    this.sort();
  }

  /** Shows anew what is in view. */
  refill() {
    for (const [at, node] of this.nodes) this.fill(node, at);
  }

  /** The element of a row, if it has one. */
  nodeOf(at) { return this.nodes.get(at); }

  /** Scrolls as little as brings a row into view. */
  reveal(at) {
    const start = at * this.rowHeight;
    const view = this.port.clientHeight;
    let top = this.top_px;
    if (start < top) top = start;
    else if (start + this.rowHeight > top + view) top = start + this.rowHeight - view;
    if (top !== this.top_px) {
      this.top_px = Math.max(0, Math.min(top, this.furthest));
      this.putBar();
    }
    this.draw();
  }

  /** Keeps the element of a row although it is out of view, for it can have the focus. */
  pin(at) {
    this.pinned = at;
    this.ask();
  }

  // Where the bar stands if the list begins at `top_px`.
  putBar() {
    const way = Math.min(this.fullHeight, TALLEST_PX) - this.port.clientHeight;
    const share = this.furthest > 0 ? this.top_px / this.furthest : 0;
    const bar = this.fullHeight <= TALLEST_PX ? this.top_px : share * way;
    if (Math.abs(bar - this.port.scrollTop) >= 1) this.port.scrollTop = bar;
    this.seen_px = this.port.scrollTop;
  }

  scrolled() {
    const bar = this.port.scrollTop;
    const moved = bar - this.seen_px;
    this.seen_px = bar;
    if (moved === 0) return;
    const way = Math.min(this.fullHeight, TALLEST_PX) - this.port.clientHeight;
    if (this.fullHeight <= TALLEST_PX) this.top_px = bar;
    else if (Math.abs(moved) <= 2 * this.port.clientHeight) this.top_px += moved;
    else this.top_px = (bar / way) * this.furthest;
    this.top_px = Math.max(0, Math.min(this.top_px, this.furthest));
    this.isResting = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), REST_MS);
    this.ask();
  }

  rest() {
    this.isResting = true;
    if (this.fullHeight > TALLEST_PX) this.putBar();
    this.draw();
    this.sort();
  }

  // Puts the elements in the order of their rows, for those who read them one after the other.
  sort() {
    const focused = document.activeElement;
    let next = this.layer.firstElementChild;
    for (const [, node] of [...this.nodes].sort(([a], [b]) => a - b)) {
      if (node === next) next = next.nextElementSibling;
      else this.layer.insertBefore(node, next);
    }
    if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
  }

  ask() {
    if (this.isAsked) return;
    this.isAsked = true;
    requestAnimationFrame(() => {
      this.isAsked = false;
      this.draw();
    });
  }

  draw() {
    const view = this.port.clientHeight;
    const first = Math.max(0, Math.floor(this.top_px / this.rowHeight) - BEYOND);
    const last = Math.min(this.count, Math.ceil((this.top_px + view) / this.rowHeight) + BEYOND);
    for (const at of [...this.nodes.keys()]) {
      if ((at < first || at >= last) && at !== this.pinned) this.release(at);
    }
    const shift = this.seen_px - this.top_px;
    for (let at = first; at < last; at += 1) this.place(at, shift);
    if (this.pinned >= 0 && this.pinned < this.count) this.place(this.pinned, shift);
    this.seen(first, last, this.isResting);
  }

  place(at, shift) {
    let node = this.nodes.get(at);
    if (!node) {
      node = this.free.pop() ?? this.create();
      this.nodes.set(at, node);
      this.fill(node, at);
      node.hidden = false;
      if (!node.isConnected) this.layer.append(node);
    }
    const y = at * this.rowHeight + shift;
    if (node.y !== y) {
      node.y = y;
      node.style.transform = `translateY(${y}px)`;
    }
  }

  release(at) {
    const node = this.nodes.get(at);
    this.nodes.delete(at);
    this.clear(node);
    node.hidden = true;
    this.free.push(node);
  }
}
