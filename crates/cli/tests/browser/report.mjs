// The report in one file: it reads without scripts, runs none, asks nobody for anything, and everybody can use it.

import { address, assertCalm, assertForAll, hold, run, same, tab } from "./drive.mjs";

run("report", async (browser) => {
  const plain = await tab(browser, { javaScriptEnabled: false });
  await plain.goto(address);
  const text = await plain.textContent("body");
  for (const part of ["iframe srcdoc=alert(8)", "img src=x onerror=alert(1)", "not-\\377\\376-utf8.png", "lake.png", "IMG_1.heic"]) {
    hold(text.includes(part), `without scripts it says ${part}`);
  }
  hold(await plain.locator("img").first().evaluate((one) => one.complete && one.naturalWidth > 0), "pictures are in it");
  assertCalm(plain);
  const page = await tab(browser);
  await page.goto(address);
  same(await page.locator("script, iframe, object, embed, form, base, [onerror], [onload], img:not([src^='data:image/'])").count(), 0, "what a report has none of");
  same(await page.locator("a[href]:not([href^='#'])").count(), 0, "links to elsewhere");
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1200, 360]) {
      await page.setViewportSize({ width, height: 800 });
      await assertForAll(page, `the report, ${colorScheme}, ${width} pixels wide`);
    }
  }
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  await assertForAll(page, "the report on paper");
});
