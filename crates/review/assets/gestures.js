// Wheel, drag and pinch on the pictures, as changes of one view that all of them share.

const MOST_ZOOM = 200;

/** What part of the pictures is seen: `zoom` 1 fits, `x` and `y` from 0 to 1 is the middle. */
export class View {
  /** @param {Function} onchange called after each change */
  constructor(onchange) {
    Object.assign(this, { zoom: 1, x: 0.5, y: 0.5, onchange });
  }

  /**
   * Zooms around a point of a pane.
   * @param {number} factor by how much
   * @param {{x: number, y: number}} [point] where, from -0.5 to 0.5 of the part that is seen
   * @param {{x: number, y: number}} [share] how much of the picture a pane shows at zoom 1, each way
   */
  zoomBy(factor, point = { x: 0, y: 0 }, share = { x: 1, y: 1 }) {
    const zoom = Math.max(1, Math.min(MOST_ZOOM, this.zoom * factor));
    const moved = 1 / this.zoom - 1 / zoom;
    this.x += point.x * share.x * moved;
    this.y += point.y * share.y * moved;
    this.zoom = zoom;
    this.settle();
  }

  /** Moves by shares of the picture. */
  moveBy(x, y) {
    this.x += x;
    this.y += y;
    this.settle();
  }

  /** Shows the whole pictures. */
  reset() {
    Object.assign(this, { zoom: 1, x: 0.5, y: 0.5 });
    this.settle();
  }

  settle() {
    if (this.zoom === 1) Object.assign(this, { x: 0.5, y: 0.5 });
    this.x = Math.max(0, Math.min(1, this.x));
    this.y = Math.max(0, Math.min(1, this.y));
    this.onchange();
  }
}

/**
 * Lets a pane be zoomed and moved.
 * @param {HTMLElement} pane what is touched
 * @param {View} view what changes
 * @param {Function} shareOf `() => {x, y}`, how much of the picture the pane shows at zoom 1, each way: 1 or more
 * @param {Function} ontap called when it was touched without a move
 */
export function attach(pane, view, shareOf, ontap) {
  const fingers = new Map();
  let moved_px = 0;
  pane.addEventListener("wheel", (event) => turnWheel(event, pane, view, shareOf), { passive: false });
  pane.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest("button, input, .swipe-line")) return;
    if (fingers.size === 0) moved_px = 0;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (view.zoom > 1 || fingers.size > 1) pane.setPointerCapture(event.pointerId);
  });
  pane.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    moved_px += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (fingers.size === 2) pinch(fingers, event.pointerId, now, pane, view, shareOf);
    else if (view.zoom > 1) drag(before, now, pane, view, shareOf);
    fingers.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    pane.addEventListener(end, (event) => {
      if (fingers.delete(event.pointerId) && end === "pointerup" && moved_px < 5) ontap();
    });
  }
  pane.addEventListener("dblclick", (event) => {
    if (view.zoom > 1) view.reset();
    else view.zoomBy(4, pointIn(pane, event.clientX, event.clientY), shareOf());
  });
}

function turnWheel(event, pane, view, shareOf) {
  if (view.zoom === 1 && event.deltaY > 0 && !event.ctrlKey) return;
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 16 : 1;
  if (event.shiftKey) {
    const by = (event.deltaY || event.deltaX) * lines;
    drag({ x: by, y: 0 }, { x: 0, y: 0 }, pane, view, shareOf);
    return;
  }
  const speed = event.ctrlKey ? 0.01 : 0.002;
  view.zoomBy(Math.exp(-event.deltaY * lines * speed), pointIn(pane, event.clientX, event.clientY), shareOf());
}

function drag(from, to, pane, view, shareOf) {
  const share = shareOf();
  view.moveBy(((from.x - to.x) / pane.clientWidth) * (share.x / view.zoom), ((from.y - to.y) / pane.clientHeight) * (share.y / view.zoom));
}

function pinch(fingers, mine, now, pane, view, shareOf) {
  const other = [...fingers].find(([id]) => id !== mine)[1];
  const before = fingers.get(mine);
  const grown = apart(now, other) / Math.max(1, apart(before, other));
  view.zoomBy(grown, pointIn(pane, (now.x + other.x) / 2, (now.y + other.y) / 2), shareOf());
  drag({ x: before.x / 2, y: before.y / 2 }, { x: now.x / 2, y: now.y / 2 }, pane, view, shareOf);
}

function apart(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function pointIn(pane, x, y) {
  const box = pane.getBoundingClientRect();
  return { x: (x - box.left) / box.width - 0.5, y: (y - box.top) / box.height - 0.5 };
}
