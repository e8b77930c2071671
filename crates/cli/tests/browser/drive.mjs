// Drives Debian's Chromium, watches all that must not happen, and talks with the test that started it.
//
// What a script gets is in the environment: PIXTWIN_MODULES, the folder of playwright-core and axe-core; PIXTWIN_ADDRESS, what
// `pixtwin review` printed; PIXTWIN_SHOTS, a folder for pictures of failures.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const modules = process.env.PIXTWIN_MODULES;
const { chromium } = createRequire(join(modules, "package.json"))("playwright-core");
const axeSource = readFileSync(join(modules, "node_modules/axe-core/axe.min.js"), "utf8");

/** What `pixtwin review` printed. */
export const address = process.env.PIXTWIN_ADDRESS;

const STEP_MS = 30_000;
const ALL_MS = 420_000;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
let latest = null;

/** Fails unless something holds. */
export function hold(truth, what) {
  if (!truth) throw new Error(`it does not hold: ${what}`);
}

/** Fails unless two things are the same as JSON. */
export function same(found, expected, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: found ${a}, expected ${b}`);
}

/** Lets the test look at the files; goes on once it has. What it answers comes back. */
export async function step(name, what = {}) {
  console.log(`step ${name} ${JSON.stringify(what)}`);
  const { value } = await lines.next();
  return value;
}

/** Opens a browser that reaches this host alone. */
export async function launch() {
  const args = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--force-color-profile=srgb", "--font-render-hinting=none"];
  if (process.getuid() === 0) args.push("--no-sandbox");
  return chromium.launch({ executablePath: "/usr/bin/chromium", args, timeout: STEP_MS * 2 });
}

/**
 * Opens a tab in which all that must not happen is noted in `page.seen`.
 * @param {object} browser what `launch` gave
 * @param {object} [options] those of a context, such as `viewport`, `colorScheme`
 * @returns {Promise<object>} the page, on which nothing is open yet
 */
export async function tab(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, locale: "en-GB", timezoneId: "UTC", ...options });
  context.setDefaultTimeout(STEP_MS);
  const page = await context.newPage();
  const own = new URL(address ?? "file:///").origin;
  page.seen = { dialogs: [], errors: [], foreign: [] };
  page.on("dialog", (dialog) => { page.seen.dialogs.push(dialog.message()); dialog.dismiss(); });
  page.on("pageerror", (error) => page.seen.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || /Content Security Policy|Trusted/.test(message.text())) page.seen.errors.push(`${message.text()} ${message.location().url}`);
  });
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && url.origin !== own) page.seen.foreign.push(request.url());
  });
  await context.addInitScript(() => {
    globalThis.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  latest = page;
  return page;
}

/** Fails if anything happened that must not. */
export function assertCalm(page) {
  same(page.seen, { dialogs: [], errors: [], foreign: [] }, "what must not happen");
}

/** Takes a status off what happened that must not: it was to come. */
export function forgive(page, status) {
  page.seen.errors = page.seen.errors.filter((line) => !line.includes(`status of ${status} `));
}

/**
 * Looks whether everybody can use what is shown: axe-core finds nothing, and nothing is wider than the window.
 * @returns {Promise<number>} how many rules were held
 */
export async function assertForAll(page, what) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {})));
    const { violations, passes } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    const say = (one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.failureSummary}`).join(" | ")}`;
    return { violations: violations.map(say), passes: passes.length, width: document.documentElement.scrollWidth, room: innerWidth };
  });
  same(found.violations, [], `axe-core, ${what}`);
  hold(found.width <= found.room, `${what}: ${found.width} pixels wide in ${found.room}`);
  hold(found.passes > 10, `${what}: axe-core looked at nothing`);
  return found.passes;
}

/** Waits until something holds on the page. */
export async function until(page, task, argument, what) {
  await page.waitForFunction(task, argument, { timeout: STEP_MS }).catch(() => { throw new Error(`it never came: ${what}`); });
}

/**
 * Runs a script to its end, whatever happens.
 * @param {string} name what it is called
 * @param {Function} script gets the browser
 */
export async function run(name, script) {
  const watchdog = setTimeout(() => fail(name, new Error("it takes too long")), ALL_MS);
  const browser = await launch();
  try {
    await script(browser);
    if (latest) assertCalm(latest);
    await browser.close();
    clearTimeout(watchdog);
    console.log("step end {}");
    process.exit(0);
  } catch (error) {
    await fail(name, error);
  }
}

async function fail(name, error) {
  const shot = join(process.env.PIXTWIN_SHOTS, `${name}.png`);
  const seen = JSON.stringify(latest?.seen);
  await latest?.screenshot({ path: shot, timeout: 10_000 }).catch(() => {});
  console.error(`${error.stack}\nseen: ${seen}\nits last picture: ${shot}`);
  process.exit(1);
}
