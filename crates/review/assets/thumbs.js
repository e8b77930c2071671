// Thumbnails: few at a time, the newest wish first, given up when nobody looks any more, kept in a bounded cache.

import { picture } from "./api.js";
import { on, ofResult } from "./store.js";

// A browser opens six connections to a host: two stay free for what the user does.
const AT_ONCE = 4;
const KEPT = 1200;
const kept = new Map();
const wishes = new Map();
let running = 0;
let isResting = true;

/**
 * Wishes for a thumbnail.
 * @param {number} file number of the file
 * @param {Function} show called with `{url}` or `{error}` (an `ApiError`), at once if it is known
 * @returns {Function} gives the wish up
 */
export function thumb(file, show) {
  const path = ofResult(`thumb/${file}`);
  const known = kept.get(path);
  if (known) {
    kept.delete(path);
    kept.set(path, known);
    show(known);
    return () => {};
  }
  const wish = wishes.get(path) ?? { path, shows: new Set(), ender: null };
  wish.shows.add(show);
  wishes.delete(path);
  wishes.set(path, wish);
  if (isResting) start();
  return () => giveUp(wish, show);
}

/**
 * Holds back new requests while the list moves.
 * @param {boolean} resting whether the list rests
 */
export function setResting(resting) {
  isResting = resting;
  if (resting) start();
}

function giveUp(wish, show) {
  wish.shows.delete(show);
  if (wish.shows.size > 0) return;
  wish.ender?.abort();
  wishes.delete(wish.path);
}

function start() {
  if (running >= AT_ONCE) return;
  const waiting = [...wishes.values()].filter((wish) => !wish.ender);
  // The first wish of what is in view stands first; wishes of what has left the view were given up.
  for (const wish of waiting.slice(0, AT_ONCE - running)) load(wish);
}

async function load(wish) {
  running += 1;
  wish.ender = new AbortController();
  let found = null;
  try {
    const { blob } = await picture(wish.path, wish.ender.signal);
    found = { url: URL.createObjectURL(blob) };
  } catch (error) {
    found = error.name === "AbortError" ? null : { error };
  }
  running -= 1;
  if (found) {
    if (wishes.get(wish.path) === wish) wishes.delete(wish.path);
    if (found.url || found.error.status !== 0) keep(wish.path, found);
    for (const show of wish.shows) show(found);
  }
  if (isResting) start();
}

function keep(path, found) {
  kept.set(path, found);
  for (const [oldest, dropped] of kept) {
    if (kept.size <= KEPT) break;
    if (dropped.url) URL.revokeObjectURL(dropped.url);
    kept.delete(oldest);
  }
}

on("result", () => {
  for (const dropped of kept.values()) if (dropped.url) URL.revokeObjectURL(dropped.url);
  kept.clear();
});
