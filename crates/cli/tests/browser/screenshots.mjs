// Pictures of the main views on drawn pictures, for docs/review: node screenshots.mjs PROGRAM GALLERY INTO

import { cpSync, mkdirSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { launch, tab } from "./drive.mjs";
import { serve } from "./serve.mjs";

const [program, gallery, into] = process.argv.slice(2);
// What is shown of paths and times is the same wherever they are made.
const library = join(tmpdir(), "Pictures");
const home = join(tmpdir(), "pixtwin-screenshots-home");
for (const folder of [library, home]) rmSync(folder, { recursive: true, force: true });
process.on("exit", () => { for (const folder of [library, home]) rmSync(folder, { recursive: true, force: true }); });
mkdirSync(home);
cpSync(gallery, library, { recursive: true });
for (const [at, name] of readdirSync(library, { recursive: true }).sort().entries()) utimesSync(join(library, name), at, 1_714_550_400 + at * 5000);
const served = await serve(program, ["--tier", "similar", "--quarantine", home, "."], { cwd: library, home });
const browser = await launch();

for (const colorScheme of ["light", "dark"]) {
  const page = await open({ colorScheme });
  const shoot = (name) => take(page, `${name}-${colorScheme}`);
  await choose(page);
  await shoot("list");
  await openGroup(page, "lake");
  await shoot("group");
  if (colorScheme === "light") await otherViews(page, shoot);
  await page.context().close();
}
const narrow = await open({ viewport: { width: 360, height: 720 }, colorScheme: "light" });
await take(narrow, "narrow-light");
await browser.close();
await served.end();
process.exit(0);

async function open(options) {
  const page = await tab(browser, { reducedMotion: "reduce", ...options });
  await page.goto(served.address);
  await page.locator('#list .row[aria-posinset="1"]:not([hidden]) .row-facts').waitFor();
  return page;
}

// Rests until every picture in view is there.
async function take(page, name) {
  await page.waitForFunction(() => [...document.querySelectorAll(".row:not([hidden]) .thumb, .file .thumb")].every((one) => one.firstElementChild)
    && [...document.images].every((one) => one.complete));
  await page.mouse.move(0, 0);
  await page.waitForTimeout(600);
  await page.screenshot({ path: join(into, `${name}.png`), animations: "disabled", caret: "hide" });
}

async function choose(page) {
  await page.getByRole("button", { name: "Rules", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^all \(/).check();
  await dialog.getByRole("button", { name: "Apply the rules" }).click();
  await dialog.getByText(/groups? decided/).waitFor();
  await page.keyboard.press("Escape");
}

async function openGroup(page, text) {
  await page.keyboard.press("/");
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
  await page.waitForFunction((part) => {
    const names = [...document.querySelectorAll("#list .row:not([hidden]) .row-title")].map((one) => one.textContent);
    return names.length === 1 && names[0].includes(part);
  }, text);
  await page.locator("#list").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await page.waitForFunction((part) => {
    const detail = document.querySelector("#detail");
    return detail.querySelector(".files")?.textContent.includes(part) && !detail.textContent.includes("Reading …");
  }, text);
}

async function otherViews(page, shoot) {
  await openGroup(page, "pond");
  await page.keyboard.press("s");
  await shoot("swipe");
  const names = await page.locator(".files > li .leaf").allTextContents();
  const [one, other] = ["pond-one-pixel.png", "pond.png"].map((name) => names.indexOf(name));
  await page.locator(".files > li").nth(one === 0 ? other : one).click();
  await page.keyboard.press("d");
  await page.waitForFunction(() => /differs?\b/.test(document.querySelector(".viewer-said").textContent));
  await page.evaluate(() => { document.querySelector("#detail").scrollTop = 0; });
  await shoot("difference");
  await page.keyboard.press("Escape");
  await page.keyboard.press("a");
  await page.getByRole("button", { name: "Show the plan" }).click();
  await page.getByRole("heading", { name: "This will happen" }).waitFor();
  await shoot("plan");
}
