// From an empty page to twins that went and came back, by keys wherever there are keys.

import { address, assertCalm, assertForAll, forgive, hold, run, same, step, tab, until } from "./drive.mjs";

run("work", async (browser) => {
  const page = await tab(browser);
  await page.goto(address);
  await scan(page);
  const groups = await searches(page);
  await choosesByKeys(page);
  await reloads(page);
  await rulesChoose(page, groups);
  await acts(page);
  await isClosedToOthers(browser, page);
});

/** The row that stands at a place of the list. */
const row = (page, at) => page.locator(`#list .row[aria-posinset="${at + 1}"]:not([hidden])`);

const title = (page) => page.locator("#detail h2");

async function scan(page) {
  await page.getByRole("heading", { name: "Find pictures that exist more than once" }).waitFor();
  hold(!page.url().includes("#"), "the token has left the address");
  same(await page.evaluate(() => document.cookie), "", "the cookie is out of reach of scripts");
  await assertForAll(page, "before a scan");
  await page.getByLabel("Same pixels").check();
  await page.getByRole("button", { name: "Start the scan" }).click();
  await row(page, 0).waitFor();
  await step("scanned");
}

// All names are there, as text.
async function searches(page) {
  const shown = async () => Number(/([\d,]+) groups? shown/.exec(await page.locator("#totals").textContent())[1].replaceAll(",", ""));
  const all = await shown();
  await page.keyboard.press("/");
  await page.keyboard.type("iframe srcdoc=alert(8)");
  await until(page, (before) => !document.querySelector("#totals").textContent.includes(`${before} groups shown`), all, "the search");
  const hostile = await shown();
  hold(hostile >= 20 && hostile < all, `a search for a hostile folder finds ${hostile} of ${all}`);
  same(await page.locator("iframe, object, embed, #list svg[onload], #list script").count(), 0, "elements made of names");
  await page.keyboard.press("Escape");
  for (let at = 0; at < hostile; at += 1) await page.keyboard.press("j");
  await page.keyboard.press("/");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("no such name anywhere");
  await page.getByText("No group fits the filters.").waitFor();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await row(page, 0).waitFor();
  same(await shown(), all, "groups once the filters are cleared");
  await filters(page, shown, all);
  return all;
}

async function filters(page, shown, all) {
  const toggle = page.getByRole("button", { name: /^Filters/ });
  if (await toggle.getAttribute("aria-expanded") !== "true") await toggle.click();
  for (const [label, value] of [["Format", "WebP"], ["Folder", "0"], ["At least", "102400"]]) {
    const before = await page.locator("#totals").textContent();
    await page.getByLabel(label, { exact: true }).selectOption(value);
    if (label !== "Folder") await until(page, (was) => document.querySelector("#totals").textContent !== was, before, `the filter ${label}`);
    hold((await shown().catch(() => 0)) <= all, `the filter ${label}`);
    await page.locator("#filters").getByRole("button", { name: "Clear" }).click();
    await until(page, (many) => document.querySelector("#totals").textContent.includes(`${many} groups shown`), all, "the filters are cleared");
    if (await toggle.getAttribute("aria-expanded") !== "true") await toggle.click();
  }
  await page.getByLabel("Sort", { exact: true }).selectOption("files");
  await page.waitForFunction(() => document.querySelector('#list .row[aria-posinset="1"]:not([hidden]) .row-facts')?.textContent.includes("5 files"));
}

async function choosesByKeys(page) {
  await page.locator("#list").focus();
  await page.keyboard.press("k");
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await title(page).waitFor();
  hold((await title(page).textContent()).includes("5 files"), "the group with the most files is first");
  const first = await tasks(page);
  await page.keyboard.press("2");
  await untilTasks(page, ["remove", "keep", "remove", "remove", "remove"]);
  await page.keyboard.press("Shift+Digit1");
  await untilTasks(page, ["keep", "keep", "remove", "remove", "remove"]);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("x");
  await untilTasks(page, ["keep", "keep", "keep", "remove", "remove"]);
  await page.keyboard.press("u");
  await untilTasks(page, ["leave", "leave", "leave", "leave", "leave"]);
  same(first, ["leave", "leave", "leave", "leave", "leave"], "nothing goes by itself");
  await page.keyboard.press("1");
  await untilTasks(page, ["keep", "remove", "remove", "remove", "remove"]);
  await page.keyboard.press("j");
  await page.waitForFunction(() => !document.querySelector("#detail h2")?.textContent.includes("5 files"));
  await page.keyboard.press("k");
  await untilTasks(page, ["keep", "remove", "remove", "remove", "remove"]);
  await looks(page);
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("keep that file, the others go").waitFor();
  await page.keyboard.press("2");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await untilTasks(page, ["keep", "remove", "remove", "remove", "remove"]);
}

const tasks = (page) => page.locator(".files > li").evaluateAll((items) => items.map((item) => item.dataset.task));

async function untilTasks(page, expected) {
  await until(page, (wanted) => [...document.querySelectorAll(".files > li")].map((item) => item.dataset.task).join() === wanted, expected.join(),
    `${expected}, but ${await tasks(page)}`);
}

// Every way to look at pictures, by its key.
async function looks(page) {
  const stage = page.locator(".stage");
  for (const [key, mode] of [["s", "swipe"], ["b", "blink"], ["d", "difference"], ["d", "side"]]) {
    await page.keyboard.press(key);
    same(await stage.getAttribute("data-mode"), mode, `the key ${key}`);
    await page.waitForFunction(() => [...document.querySelectorAll(".stage img, .stage canvas")].some((one) => (one.naturalWidth ?? one.width) > 0));
    if (mode === "difference") await page.getByText("No pixel differs.").waitFor();
  }
  const zoom = () => page.locator(".zoom").textContent();
  const fit = await zoom();
  await page.keyboard.press("+");
  hold(await zoom() !== fit, "the key + zooms");
  await page.keyboard.press("0");
  same(await zoom(), fit, "the key 0 shows all");
  await page.keyboard.press("z");
  await page.keyboard.press("z");
  same(await zoom(), fit, "the key z, twice");
  const box = await stage.boundingBox();
  await page.mouse.move(box.x + 60, box.y + 60);
  await page.mouse.wheel(0, -400);
  const sheets = await page.locator(".pane-sheets > *").evaluateAll((all) => all.map((one) => one.style.transform || one.firstElementChild?.style.transform));
  await until(page, (was) => document.querySelector(".zoom").textContent !== was, fit, "the wheel zooms");
  hold(new Set(sheets).size <= 2, `all pictures are zoomed alike: ${sheets}`);
  await page.keyboard.press("0");
}

async function reloads(page) {
  await page.reload();
  await untilTasks(page, ["keep", "remove", "remove", "remove", "remove"]);
  await page.keyboard.press("Escape");
  await until(page, () => document.querySelector("#detail").hidden, null, "the list, by Escape");
}

async function rulesChoose(page, groups) {
  await page.getByRole("button", { name: "Rules", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^all \(/).check();
  await dialog.getByRole("button", { name: "Apply the rules" }).click();
  await dialog.getByText(/groups? decided/).waitFor();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await until(page, () => [...document.querySelectorAll("#list .row:not([hidden]) .row-reason")].some((one) => one.textContent.includes("stays: ")), null,
    "each row says why its file stays");
  const totals = await page.locator("#totals").textContent();
  hold(!totals.startsWith("0 B freed"), `the totals follow: ${totals}`);
  const files = Number(/by ([\d,]+) files?/.exec(totals)[1].replaceAll(",", ""));
  hold(files >= groups - 2, `${files} files of ${groups} groups go`);
}

async function acts(page) {
  await page.keyboard.press("a");
  const dialog = page.getByRole("dialog");
  same(await page.evaluate(() => document.activeElement.closest("dialog") !== null && document.activeElement.tagName), "H2", "what is in focus changes nothing");
  await dialog.getByLabel(/quarantine/).check();
  await dialog.getByRole("button", { name: "Show the plan" }).click();
  await dialog.getByRole("heading", { name: "This will happen" }).waitFor();
  const lines = await dialog.locator("table.plan tbody tr").evaluateAll((rows) => rows.map((one) => ({
    goes: one.querySelectorAll("td")[1].textContent, refused: one.classList.contains("refused") })));
  const goes = lines.filter((line) => !line.refused).map((line) => line.goes);
  await step("planned", { goes: goes.length });
  await dialog.getByRole("button", { name: /^Apply to/ }).click();
  await dialog.getByRole("heading", { name: "Done" }).waitFor();
  const said = await dialog.locator(".big").textContent();
  await step("applied", { goes: goes.length, said });
  await dialog.getByRole("button", { name: /^Undo/ }).click();
  await dialog.getByRole("heading", { name: "Undone" }).waitFor();
  await step("undone", { said: await dialog.locator(".big").textContent() });
  await dialog.getByRole("button", { name: "All runs" }).click();
  await dialog.getByText(/undone/).first().waitFor();
  same(await dialog.getByRole("button", { name: /^Undo the run/ }).count(), 0, "what was undone is not offered again");
  await page.keyboard.press("Escape");
  await row(page, 0).waitFor();
}

// Another browser has no cookie: it is told so, and sees nothing.
async function isClosedToOthers(browser, page) {
  assertCalm(page);
  const other = await tab(browser);
  await other.goto(new URL(address).origin);
  await other.getByText("This page is not open to this browser any more.").waitFor();
  hold(!(await other.textContent("body")).includes("lake"), "nothing is seen without the token");
  forgive(other, 401);
}
