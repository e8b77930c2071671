// Measures the page with very many groups: when it first paints, how many frames a second it scrolls with, and what it holds.
//
//     node compare/page.mjs PROGRAM OUT [GROUPS...]        (cargo xtask page builds the program and runs this)
//
// The report is made up: two files a group. Those of the first 300 groups are there; of others the page says that they are gone.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { crc32, deflateSync } from "node:zlib";

import { launch, tab } from "../crates/cli/tests/browser/drive.mjs";
import { serve } from "../crates/cli/tests/browser/serve.mjs";

const RUNS = 5;
const SCROLL_S = 5;
const THERE = 300;
const SIDE = 192;

const [program, out, ...sizes] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "pixtwin-page-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const lines = [`# The page with very many groups`, "",
  `${cpus().length} processors (${cpus()[0].model.trim()}), headless Chromium without a graphics processor, window of 1200 x 800; ${RUNS} runs, each`,
  `in a new browser: median (least to most). Scrolled by the wheel through the whole list within ${SCROLL_S} s.`, "",
  "| groups | first paint, ms | list there, ms | frames a second | drawn, in the trace | longest frame, ms | heap of scripts, MiB | renderer, MiB | pixtwin, MiB |",
  "|---|---|---|---|---|---|---|---|---|"];
makeFiles();
for (const groups of sizes.length > 0 ? sizes.map(Number) : [100_000, 1_000_000]) {
  const measured = await measure(groups);
  const cell = (name, digits = 0) => spread(measured.map((one) => one[name]), digits);
  lines.push(`| ${groups.toLocaleString("en")} | ${["paint", "list"].map((name) => cell(name)).join(" | ")} | ${cell("frames", 1)} | ${cell("drawn", 1)} | ${
    ["longest", "heap", "renderer", "program"].map((name) => cell(name)).join(" | ")} |`);
  console.error(lines.at(-1));
}
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${lines.join("\n")}\n`);
console.log(lines.join("\n"));
process.exit(0);

// As many pictures as the first rows show.
function makeFiles() {
  for (const half of ["a", "b"]) {
    mkdirSync(join(folder, half));
    for (let at = 0; at < THERE; at += 1) writeFileSync(join(folder, half, `${name(at)}.png`), png(at));
  }
}

function name(at) {
  return `IMG_${String(at).padStart(7, "0")}`;
}

// A soft picture, the same for the same number.
function png(seed) {
  const rows = Buffer.alloc(SIDE * (SIDE * 3 + 1));
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      const at = y * (SIDE * 3 + 1) + 1 + x * 3;
      rows[at] = (x + seed * 7) & 255;
      rows[at + 1] = (y + seed * 13) & 255;
      rows[at + 2] = (x * y + seed * 29) >> 6 & 255;
    }
  }
  const chunk = (kind, content) => {
    const body = Buffer.concat([Buffer.from(kind), content]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(SIDE, 0);
  head.writeUInt32BE(SIDE, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

// The report, made as it is read; what frees most comes first, so that the files that are there stand at the top.
function report(groups) {
  function* parts() {
    for (let from = 0; from < groups; from += 1000) {
      let part = "";
      for (let at = from; at < Math.min(from + 1000, groups); at += 1) part += group(at, groups);
      yield part;
    }
    yield `${JSON.stringify({ type: "summary", schema: 1, complete: true, files: 2 * groups, pictures: groups, groups, twins: 2 * groups, freed: 0, unread: 0, missing: [] })}\n`;
  }
  return Readable.from(parts());
}

function group(at, groups) {
  const size = at < THERE ? png(at).length : 0;
  const freed = at < THERE ? 1_000_000_000 - at : groups - at;
  const file = (half) => ({ path: { text: `${folder}/${half}/${name(at)}.png` }, host: null, size: size || freed, format: "PNG", proof: half === "a" ? "" : "payload", width: SIDE, height: SIDE, differs: [] });
  return `${JSON.stringify({ type: "group", tier: "pixels", digest: String(at).padStart(64, "0"), width: SIDE, height: SIDE, freed, files: [file("a"), file("b")] })}\n`;
}

async function measure(groups) {
  const served = await serve(program, ["--no-catalogue", "-"], { cwd: folder, home: folder, input: report(groups) });
  const measured = [];
  for (let run = 0; run < RUNS; run += 1) measured.push(await oneRun(served, groups));
  await served.end();
  return measured;
}

async function oneRun(served, groups) {
  const browser = await launch();
  const page = await tab(browser);
  const began = performance.now();
  await page.goto(served.address);
  await page.locator('#list .row[aria-posinset="1"]:not([hidden]) img').first().waitFor();
  const list = performance.now() - began;
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  const scrolled = await scroll(browser, page);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  const { metrics } = await devtools.send("Performance.getMetrics");
  const heap = metrics.find((one) => one.name === "JSHeapUsedSize").value / 2 ** 20;
  const { processInfo } = await (await browser.newBrowserCDPSession()).send("SystemInfo.getProcessInfo");
  const renderer = Math.max(...processInfo.filter((one) => one.type === "renderer").map((one) => held(one.id)));
  await browser.close();
  return { paint, list, heap, renderer, program: held(served.pid), ...scrolled };
}

// Turns the wheel sixty times a second, from the top to the end.
async function scroll(browser, page) {
  const way = await page.evaluate(() => {
    const list = document.querySelector("#list");
    return list.scrollHeight - list.clientHeight;
  });
  const box = await page.locator("#list").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await browser.startTracing(page, { categories: ["devtools.timeline.frame", "disabled-by-default-devtools.timeline.frame", "blink.user_timing"] });
  await page.evaluate(() => {
    performance.mark("scroll-begins");
    globalThis.frames_ms = [];
    const frame = (now) => {
      globalThis.frames_ms.push(now);
      if (!globalThis.isOver) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const began = performance.now();
  let turned = 0;
  for (let elapsed = 0; elapsed < SCROLL_S * 1000; elapsed = performance.now() - began) {
    const due = (elapsed / (SCROLL_S * 1000)) * way;
    await page.mouse.wheel(0, Math.max(1, due - turned));
    turned = due;
    await new Promise((done) => { setTimeout(done, 1000 / 60 - ((performance.now() - began) % (1000 / 60))); });
  }
  const frames = await page.evaluate(() => {
    globalThis.isOver = true;
    performance.mark("scroll-ends");
    return { at: globalThis.frames_ms, top: document.querySelector("#list").scrollTop };
  });
  if (frames.top < 0.9 * way) throw new Error(`it came to ${frames.top} of ${way} only`);
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  const mark = (what) => traceEvents.find((event) => event.name === what && event.cat.includes("user_timing"))?.ts;
  const [from, to] = [mark("scroll-begins"), mark("scroll-ends")];
  const drawn = traceEvents.filter((event) => event.name === "DrawFrame" && event.ts >= from && event.ts <= to).length;
  const gaps = frames.at.slice(1).map((now, i) => now - frames.at[i]);
  const span_s = (frames.at.at(-1) - frames.at[0]) / 1000;
  return { frames: gaps.length / span_s, drawn: drawn / ((to - from) / 1e6), longest: Math.max(...gaps) };
}

// What a process holds for itself, with its share of what it shares, in MiB.
function held(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))[1]) / 1024;
}

function spread(values, digits) {
  const sorted = [...values].sort((a, b) => a - b);
  const [least, median, most] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].map((one) => one.toFixed(digits));
  return `${median} (${least} to ${most})`;
}
