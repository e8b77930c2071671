// A scan begun and watched from the page.

import { post } from "./api.js";
import { openDialog } from "./dialog.js";
import { button, el, field, fill, freshId } from "./dom.js";
import { follow } from "./events.js";
import { errorBox } from "./notices.js";
import { progressBox } from "./progress.js";
import { app, tell } from "./store.js";
import { tierName } from "./words.js";

const MEANING = {
  bytes: "files that are equal byte for byte",
  pixels: "the same pixels, whatever the format",
  turned: "also after turns and mirrors without loss",
  within: "pixels that differ by a few steps at most",
  similar: "scaled, compressed, cut and edited copies",
};

/** Opens the dialog in which a scan is begun. */
export function openScan() {
  const dialog = openDialog("Scan");
  const part = scanPart(() => dialog.close());
  fill(dialog.body, part);
}

/**
 * The choices of a scan and its progress.
 * @param {Function} ondone called when it has ended well
 * @returns {HTMLElement}
 */
export function scanPart(ondone) {
  const { job } = app.state;
  const part = el("div", { class: "scan" });
  if (job?.state === "running" && job.kind === "scan") watch(part, job, ondone);
  else choices(part, ondone);
  return part;
}

function choices(part, ondone) {
  const { places, scan } = app.state;
  if (places.length === 0) {
    fill(part, el("p", { class: "box", text: "No folder was given to search. Start pixtwin with one: pixtwin review FOLDER" }));
    return;
  }
  const boxes = places.map((place) => check("checkbox", freshId(), place.text, true, place.place));
  const id = freshId();
  const tiers = scan.tiers.map((tier) => check("radio", id, tierName(tier), tier === scan.tier, tier, MEANING[tier]));
  const distance = el("input", { type: "number", min: "0", max: "63", value: String(scan.distance ?? 31) });
  const within = el("input", { type: "number", min: "1", max: "255", value: String(scan.within ?? 8) });
  const more = el("div", { class: "bar-line" });
  const chosenTier = () => tiers.find((one) => one.input.checked)?.input.value ?? scan.tier;
  const adapt = () => fill(more, chosenTier() === "similar" ? field("Distance at most", distance) : null,
    chosenTier() === "within" ? field("Steps at most", within) : null);
  for (const one of tiers) one.input.addEventListener("change", adapt);
  adapt();
  const begin = () => start(part, ondone, {
    places: boxes.filter((one) => one.input.checked).map((one) => Number(one.input.value)),
    tier: chosenTier(), distance: Number(distance.value), within: Number(within.value),
  });
  fill(part,
    el("fieldset", { class: "options" }, el("legend", { text: "Where" }), boxes.map((one) => one.line)),
    el("fieldset", { class: "options" }, el("legend", { text: "What counts as the same" }), tiers.map((one) => one.line)), more,
    el("p", { class: "quiet", text: "A scan only reads." }),
    button("Start the scan", begin, { class: "button main" }));
}

function check(type, name, text, isChecked, value, meaning) {
  const input = el("input", { type, name, id: freshId(), value: String(value) });
  input.checked = isChecked;
  return { input, line: el("p", { class: "check" }, input, el("label", { for: input.id }, el("bdi", { text }),
    meaning ? el("span", { class: "quiet", text: ` ${meaning}` }) : null)) };
}

async function start(part, ondone, wish) {
  if (wish.places.length === 0) {
    part.querySelector(".box")?.remove();
    part.append(el("p", { class: "box warn", role: "alert", text: "Choose at least one folder." }));
    return;
  }
  try {
    const { job } = await post("/api/scan", wish);
    await watch(part, job, ondone);
  } catch (error) {
    part.append(errorBox(error));
  }
}

async function watch(part, job, ondone) {
  const box = progressBox(job);
  fill(part, box.node);
  const ended = await follow(job, box.update);
  if (ended.state === "done") {
    tell("changed");
    ondone();
    return;
  }
  choices(part, ondone);
  part.prepend(ended.state === "stopped" ? el("p", { class: "box", text: "The scan was stopped." }) : errorBox(new Error(ended.error ?? "the scan failed")));
}
