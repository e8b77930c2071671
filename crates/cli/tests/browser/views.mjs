// Every view, light and dark, wide and narrow, held against axe-core; nothing is ever wider than the window.

import { address, assertForAll, forgive, hold, run, tab } from "./drive.mjs";

const WIDTHS = [1200, 360];

run("views", async (browser) => {
  const page = await tab(browser);
  await page.goto(address);
  await page.locator('#list .row[aria-posinset="1"]:not([hidden]) .row-facts').waitFor();
  await isLookedAt(page);
  let looked = 0;
  for (const [name, enter, leave] of views(page)) {
    await enter();
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        await assertForAll(page, `${name}, ${colorScheme}, ${width} pixels wide`);
        looked += 1;
      }
    }
    await page.setViewportSize({ width: WIDTHS[0], height: 800 });
    await leave();
  }
  hold(looked >= 60, "all views were looked at");
  console.log(`soak: page: ${looked} views (light and dark, 1200 and 360 pixels wide), axe-core finds nothing`);
  await withOtherWishes(page);
});

const RULES_DONE = /groups? decided/;

function views(page) {
  const dialog = page.getByRole("dialog");
  const button = (name) => page.getByRole("button", { name, exact: true });
  const escape = async () => {
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  };
  const opens = (task, text) => async () => {
    await task();
    await dialog.getByText(text).first().waitFor();
  };
  const stays = async () => {};
  return [
    ["list", stays, stays],
    ["filters", () => button("Filters").click(), () => page.getByRole("button", { name: /^Filters/ }).click()],
    ["rules", opens(() => button("Rules").click(), "Apply the rules"), stays],
    ["rules done", opens(async () => {
      await dialog.getByLabel(/^all \(/).check();
      await dialog.getByRole("button", { name: "Apply the rules" }).click();
    }, RULES_DONE), escape],
    ["group", async () => {
      await page.locator("#list").focus();
      await page.keyboard.press("Home");
      await page.keyboard.press("Enter");
      await page.locator("#detail .files > li").first().waitFor();
      await page.keyboard.press("1");
      await page.locator('.files > li[data-task="keep"]').first().waitFor();
      await page.locator("#detail h3", { hasText: "Metadata" }).waitFor();
      await page.waitForFunction(() => !document.querySelector("#detail").textContent.includes("Reading …"));
    }, stays],
    ["swipe", () => page.keyboard.press("s"), stays],
    ["blink", () => page.keyboard.press("b"), stays],
    ["difference", () => page.keyboard.press("d"), () => page.keyboard.press("d")],
    ["group closed", () => page.keyboard.press("Escape"), stays],
    ["plan", opens(() => button("Plan").click(), "What to do with them"), stays],
    ["plan shown", opens(() => dialog.getByRole("button", { name: "Show the plan" }).click(), "This will happen"), stays],
    ["pair", async () => {
      await dialog.getByRole("button", { name: /one by one$/ }).click();
      await dialog.getByRole("button", { name: "Let it go" }).waitFor();
      await page.waitForFunction(() => !document.querySelector("dialog .dialog-foot .danger").disabled);
    }, escape],
    ["runs", opens(() => button("Runs").click(), "Nothing was done yet."), escape],
    ["scan", opens(() => button("Scan").click(), "Start the scan"), escape],
    ["not the same", opens(() => page.locator("#menu").getByRole("button", { name: "Not the same" }).click(), "Nothing was dismissed."), escape],
    ["not compared", opens(() => page.getByRole("button", { name: /not compared$/ }).click(), "They are in no group"), escape],
    ["help", opens(() => page.keyboard.press("?"), "this help"), escape],
    ["scan of bytes", async () => {
      await button("Scan").click();
      await dialog.getByLabel("Same bytes").check();
      await dialog.getByRole("button", { name: "Start the scan" }).click();
      await dialog.waitFor({ state: "detached" });
      await page.locator('#list .row:not([hidden]) .tile').nth(3).waitFor();
      // What was asked for while the scan came to its end is of a result that is no longer there.
      forgive(page, 410);
    }, stays],
    ["group of what cannot be shown", async () => {
      await page.locator("#list .row:not([hidden])", { has: page.locator(".tile") }).first().locator("button").click();
      await page.locator("#detail .tile").first().waitFor();
    }, stays],
  ];
}

// What axe-core is there for, it finds.
async function isLookedAt(page) {
  await page.evaluate(() => { document.querySelector("#menu button").style.color = "#f4f4f4"; });
  const found = await assertForAll(page, "letters that nobody can read").catch((error) => error.message);
  hold(String(found).includes("color-contrast"), `axe-core finds letters that nobody can read: ${found}`);
  await page.evaluate(() => { document.querySelector("#menu button").style.color = ""; });
}

// Colours of the system, less motion, and letters twice as large.
async function withOtherWishes(page) {
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce", colorScheme: "light" });
  await assertForAll(page, "colours of the system");
  await page.emulateMedia({ forcedColors: "none" });
  await page.evaluate(() => { document.documentElement.style.fontSize = "200%"; });
  await assertForAll(page, "letters twice as large");
}
