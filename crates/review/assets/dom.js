// Elements made by code. Whatever is shown of files goes through text nodes, never through a parser of markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an element.
 * @param {string} tag name of the element
 * @param {object} [props] `class`, `text`, `on` + event with a function, `data` with an object, anything else an attribute;
 *   `null`, `undefined` and `false` leave it out, `true` sets it without a value
 * @param {...(Node|string|null|undefined|Array)} children what it holds; strings become text
 * @returns {HTMLElement} the element, in no document yet
 */
export function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    setProp(node, name, value);
  }
  append(node, children);
  return node;
}

function setProp(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "text") node.textContent = value;
  else if (name === "class") node.className = value;
  else if (name === "value") node.value = value;
  else if (name === "data") Object.assign(node.dataset, value);
  else if (name.startsWith("on") && typeof value === "function") node.addEventListener(name.slice(2), value);
  else node.setAttribute(name, value === true ? "" : String(value));
}

/**
 * Appends children, arrays flattened, nothing for `null`, `undefined` and `false`.
 * @param {Node} node where to
 * @param {Array} children nodes and strings
 */
export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child);
  }
}

/**
 * Puts children in place of those that a node has.
 * @param {Node} node the parent
 * @param {...any} children as in `el`
 */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

/**
 * A name of a file or folder, kept apart from the direction of the text around it.
 * @param {string} text text that is safe to show
 * @param {string} [className] class of the element
 * @returns {HTMLElement} a `bdi`
 */
export function name(text, className) {
  return el("bdi", { class: className, text });
}

/**
 * A button.
 * @param {string} text what it says
 * @param {Function} onclick what it does
 * @param {object} [props] more, as in `el`; `icon` draws a symbol before the text
 * @returns {HTMLButtonElement}
 */
export function button(text, onclick, props = {}) {
  const { icon: drawn, key, ...rest } = props;
  return el("button", { type: "button", class: "button", onclick, ...rest }, drawn ? icon(drawn) : null, el("span", { text }),
    key ? el("kbd", { "aria-hidden": "true", text: key }) : null);
}

/**
 * A field with its label.
 * @param {string} label what it is for
 * @param {HTMLElement} control the control; gets an id
 * @returns {HTMLElement} both
 */
export function field(label, control) {
  control.id ||= freshId();
  return el("div", { class: "field" }, el("label", { for: control.id, text: label }), control);
}

let ids = 0;

/**
 * An id that nothing else on the page has.
 * @returns {string}
 */
export function freshId() {
  ids += 1;
  return `id-${ids}`;
}

/**
 * A list to choose one from.
 * @param {Array<[string, string]>} options value and text
 * @param {string} chosen the value that is chosen
 * @param {Function} onchange called with the new value
 * @returns {HTMLSelectElement}
 */
export function select(options, chosen, onchange) {
  const node = el("select", { onchange: () => onchange(node.value) });
  for (const [value, text] of options) node.append(el("option", { value, text }));
  node.value = chosen;
  return node;
}

const DRAWINGS = {
  check: "M3 8.5l3.2 3.2L13 4.8",
  cross: "M4 4l8 8M12 4l-8 8",
  dot: "M5 8h6",
  left: "M10 3L5 8l5 5",
  right: "M6 3l5 5-5 5",
  back: "M13 8H3m4-4L3 8l4 4",
  filter: "M2 4h12M4.5 8h7M7 12h2",
  link: "M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 014.3 4.3L11.200 8.800M9 11.500L7.500 13a3 3 0 01-4.300-4.300L4.800 7.200",
};

/**
 * A symbol of 16 by 16 pixels, without meaning to a screen reader.
 * @param {string} which name in `DRAWINGS`
 * @returns {SVGElement}
 */
export function icon(which) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", DRAWINGS[which] ?? DRAWINGS.dot);
  svg.append(path);
  return svg;
}

/**
 * Calls a function once nothing has asked for it for a while.
 * @param {Function} task what to call
 * @param {number} wait_ms how long to wait
 * @returns {Function} asks for it
 */
export function settled(task, wait_ms) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => task(...values), wait_ms);
  };
}
