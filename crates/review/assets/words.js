// Numbers and names of the program as words.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const whole = new Intl.NumberFormat("en");

const TIERS = {
  bytes: "Same bytes",
  pixels: "Same pixels",
  turned: "Same after a turn",
  similar: "Similar",
  within: "Within a few steps",
};

/**
 * A number with separators.
 * @param {number} n a whole number
 * @returns {string}
 */
export function count(n) {
  return whole.format(n ?? 0);
}

/**
 * A number and its noun.
 * @param {number} n how many
 * @param {string} one the noun for one
 * @param {string} [many] the noun for others; without, `one` and an s
 * @returns {string} such as "1 file", "3 files"
 */
export function counted(n, one, many) {
  return `${count(n)} ${n === 1 ? one : (many ?? `${one}s`)}`;
}

/**
 * A number of bytes in units of 1024, as the program prints it.
 * @param {number} n bytes
 * @returns {string}
 */
export function bytes(n) {
  let value = n ?? 0;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/**
 * What a tier is called.
 * @param {string} tier its name in the program
 * @returns {string}
 */
export function tierName(tier) {
  return TIERS[tier] ?? tier;
}

/**
 * Whether pictures of this tier are only near each other, so that each must be confirmed by itself.
 * @param {string} tier its name in the program
 * @returns {boolean}
 */
export function isNear(tier) {
  return tier !== "bytes" && tier !== "pixels";
}

/**
 * What becomes of a file, in one word.
 * @param {string|null} task `keep`, `remove`, `leave` or null
 * @returns {string}
 */
export function taskName(task) {
  return { keep: "Stays", remove: "Goes" }[task] ?? "Left alone";
}

/**
 * Width and height.
 * @param {number} width pixels
 * @param {number} height pixels
 * @returns {string} such as "640 × 480"
 */
export function sides(width, height) {
  return width && height ? `${width} × ${height}` : "size unknown";
}

const DEEDS = {
  quarantine: "moved into quarantine",
  trash: "moved into the trash",
  hardlink: "replaced by hard links",
  symlink: "replaced by symbolic links",
  reflink: "made to share blocks",
};

/**
 * What was done to files.
 * @param {string} action name of the action
 * @returns {string} such as "moved into quarantine"
 */
export function deed(action) {
  return DEEDS[action] ?? "done";
}

const UNSHOWN = {
  unsupported: "not supported",
  corrupt: "damaged",
  large: "too large",
  slow: "took too long",
  gone: "no longer there",
  elsewhere: "on another host",
};

/**
 * Why a picture is not shown, in a few words for a small tile.
 * @param {string|undefined} kind the kind that the server names
 * @returns {string}
 */
export function unshown(kind) {
  return UNSHOWN[kind] ?? "cannot be shown";
}
