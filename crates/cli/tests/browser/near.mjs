// Pictures that are near each other: each pair is confirmed by itself, or said not to be the same.

import { address, hold, run, same, step, tab, until } from "./drive.mjs";

run("near", async (browser) => {
  const page = await tab(browser);
  await page.goto(address);
  await page.locator('#list .row[aria-posinset="1"]:not([hidden]) .row-facts').waitFor();
  await onlyNear(page);
  await looksClosely(page);
  await saysTheyDiffer(page);
  await confirms(page);
});

const rows = (page) => page.locator("#list .row:not([hidden])");

// The list, narrowed down to pictures that were saved anew.
async function onlyNear(page) {
  const toggle = page.getByRole("button", { name: /^Filters/ });
  if (await toggle.getAttribute("aria-expanded") !== "true") await toggle.click();
  await page.getByLabel("Label", { exact: true }).selectOption("RE-ENCODED");
  await page.getByRole("button", { name: "Filters (1)" }).waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll("#list .row:not([hidden])")].every((one) => one.querySelector(".near")));
  await toggle.click();
}

// What a group of three near pictures shows of how near they are.
async function looksClosely(page) {
  await page.locator("#list").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await page.locator("#detail h2").waitFor();
  const words = await page.locator("#detail .near").allTextContents();
  hold(words.length >= 2 && words.every((text) => /distance \d+/.test(text)), `evidence of near matches: ${words}`);
  await page.keyboard.press("d");
  await page.getByText(/pixels differ; the largest difference/).waitFor();
  await page.getByLabel("Amplified").fill("8");
  await page.getByText("× 255").waitFor();
  await page.keyboard.press("d");
}

async function saysTheyDiffer(page) {
  const many = () => page.locator(".files > li").count();
  const before = await many();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("n");
  await until(page, (was) => document.querySelectorAll(".files > li").length === was - 1, before, "the file is not shown");
  await step("said");
  await page.reload();
  await until(page, (was) => document.querySelectorAll(".files > li").length === was - 1, before, "it is not shown after a reload");
  await page.getByRole("button", { name: "Not the same", exact: true }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("li.item").first().waitFor();
  same(await dialog.locator("li.item").count(), 1, "pairs that were dismissed");
  await dialog.getByRole("button", { name: "Show again" }).click();
  await dialog.getByText("Nothing was dismissed.").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.locator("#list").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await until(page, (was) => document.querySelectorAll(".files > li").length === was, before, "it is shown again");
}

// The first stays, the second and third are asked about one by one: one goes, one stays.
async function confirms(page) {
  await page.keyboard.press("1");
  await until(page, () => document.querySelectorAll('.files > li[data-task="remove"]').length === 2, null, "two would go");
  await page.keyboard.press("a");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/quarantine/).check();
  await dialog.getByRole("button", { name: "Show the plan" }).click();
  await dialog.getByRole("heading", { name: "This will happen" }).waitFor();
  same(await dialog.getByRole("button", { name: /^Apply to/ }).count(), 0, "near matches do not go together");
  await dialog.getByRole("button", { name: /^Confirm 2 files one by one/ }).click();
  const let_go = dialog.getByRole("button", { name: "Let it go" });
  await let_go.waitFor();
  hold((await page.evaluate(() => document.activeElement.tagName)) === "H2", "what is in focus changes nothing");
  await until(page, () => !document.querySelector("dialog .dialog-foot .danger").disabled, null, "what would be lost");
  const pair = await dialog.locator("dl.pair dd").allTextContents();
  await step("asked", { stays: pair[0], goes: pair[1] });
  await let_go.click();
  await until(page, (was) => document.querySelectorAll("dialog dl.pair dd")[1]?.textContent !== was, pair[1], "the next pair");
  await step("went", { goes: pair[1] });
  await until(page, () => !document.querySelector("dialog .dialog-foot .danger")?.disabled, null, "what would be lost, of the next");
  await dialog.getByRole("button", { name: "Keep both" }).click();
  await dialog.getByText("Nothing more to confirm; 1 file went.", { exact: false }).waitFor();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await page.getByRole("button", { name: "Runs" }).click();
  await dialog.getByRole("button", { name: /^Undo the run/ }).first().click();
  await dialog.getByRole("heading", { name: "Undone" }).waitFor();
  await step("undone");
  await page.keyboard.press("Escape");
  hold(await rows(page).count() > 0, "the list is there");
}
