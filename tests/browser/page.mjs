// page.mjs NPM-FOLDER PAGE NAME HOSTILE [PICTURES]: see browser.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [npm, file, name, hostile, pictures] = process.argv.slice(2);
const { chromium } = createRequire(`${npm}/`)("playwright-core");

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const context = await browser.newContext({ viewport: { width: 1400, height: 1000 }, acceptDownloads: true });
const page = await context.newPage();
const faults = [];
page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
page.on("dialog", (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
page.on("request", (request) => {
  if (!/^(file|data|blob):/.test(request.url())) faults.push(`request: ${request.url()}`);
});

async function genes() {
  return page.locator("tr.set td:first-child .opener").allTextContents();
}

async function column(title) {
  const titles = await page.locator("table.sets thead th").allTextContents();
  return page.locator(`tr.set td:nth-child(${titles.indexOf(title) + 1})`).allTextContents();
}

async function picture(view) {
  if (!pictures) return;
  for (const width of [1400, 390]) {
    await page.setViewportSize({ width, height: 1000 });
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${pictures}/${name}-${view}-${width}.png`, fullPage: true });
  }
  await page.setViewportSize({ width: 1400, height: 1000 });
}

async function opens() {
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector("tr.set");
  const all = await genes();
  assert.ok(all.length >= 4, `${all.length} sets`);
  assert.equal(await page.locator(".count").textContent(), `${all.length} of ${all.length} sets`);
  assert.ok(!(await page.locator(".static").isVisible()), "the static tables stand beside the live one");
  return all;
}

async function sorts(all) {
  const button = page.getByRole("button", { name: "Predicted change", exact: true });
  const number = (text) => Number(text.replace("\u2212", "-").replace(/[^0-9.eE+-]/g, ""));
  await button.click();
  const falling = (await column("Predicted change")).map(number);
  assert.deepEqual(falling, [...falling].sort((a, b) => b - a));
  await button.click();
  const rising = (await column("Predicted change")).map(number);
  assert.deepEqual(rising, [...rising].sort((a, b) => a - b));
  assert.equal(await page.locator('th[aria-sort="ascending"]').count(), 1);
  assert.equal((await genes()).length, all.length);
}

async function searches(all) {
  const search = page.getByRole("searchbox");
  await search.fill(all[0]);
  const found = await genes();
  assert.ok(found.length >= 1 && found.length < all.length && found.every((gene) => gene === all[0]), String(found));
  await search.fill("no such gene");
  assert.equal((await genes()).length, 0);
  await search.fill("");
  const chip = page.getByRole("button", { name: "borne out", exact: true });
  await chip.click();
  assert.ok((await column("Verdict")).every((verdict) => verdict === "borne out"));
  await chip.click();
  assert.equal((await genes()).length, all.length);
}

async function opensARow() {
  const opener = page.locator("tr.set .opener").first();
  await opener.click();
  await page.waitForSelector("tr.panel .sentence");
  assert.equal(await opener.getAttribute("aria-expanded"), "true");
  // igv.js draws in a shadow tree: its canvases are there once the genome is.
  await page.waitForFunction(() => {
    const place = document.querySelector(".locus");
    return place && (place.shadowRoot ?? place.firstElementChild?.shadowRoot ?? place).querySelectorAll("canvas").length > 3;
  }, null, { timeout: 60000 });
  assert.ok((await page.locator("tr.panel table tbody tr").count()) > 0, "no members");
  await picture("row");
}

async function saved(button) {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "latin1") };
}

async function downloads(all) {
  const table = await saved(page.getByRole("button", { name: "TSV of these rows" }));
  assert.equal(table.text.trimEnd().split("\n").length, all.length + 1);
  const figure = page.locator("tr.panel figure").first();
  const svg = await saved(figure.getByRole("button", { name: "SVG" }));
  assert.match(svg.text, /^<svg [^]*<\/svg>$/);
  const png = await saved(figure.getByRole("button", { name: "PNG" }));
  assert.equal(png.text.slice(1, 4), "PNG");
  const tsv = await saved(figure.getByRole("button", { name: "TSV" }));
  assert.ok(tsv.text.includes("\t"));
}

async function closes() {
  await page.locator("tr.set .opener").first().click();
  assert.equal(await page.locator("tr.panel").count(), 0);
}

async function byKeyboard() {
  await page.getByRole("searchbox").focus();
  for (let i = 0; i < 40; i += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement.classList.contains("opener"))) break;
  }
  await page.keyboard.press("Enter");
  await page.waitForSelector("tr.panel .sentence");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("tr.panel").count(), 0);
}

async function isInert() {
  const all = await genes();
  assert.ok(all.includes(hostile), `no ${hostile} among ${all}`);
  assert.equal(await page.locator("main img, main b:text-is('type')").count(), 0);
  await page.locator("tr.set .opener", { hasText: "onerror" }).first().click();
  await page.waitForSelector("tr.panel .sentence");
  await page.waitForTimeout(3000);
  assert.equal(await page.locator("main img[src=x]").count(), 0);
}

const began = Date.now();
const all = await opens();
await picture("sets");
if (hostile) {
  await isInert();
} else {
  await sorts(all);
  await searches(all);
  await page.reload();
  await page.waitForSelector("tr.set");
  await opensARow();
  await downloads(all);
  await closes();
  await byKeyboard();
}
assert.deepEqual(faults, []);
console.log(`${name}: ${all.length} sets, ${((Date.now() - began) / 1000).toFixed(1)} s`);
await browser.close();
