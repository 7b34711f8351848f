// page.mjs NPM-FOLDER PAGE NAME HOSTILE [PICTURES]: see browser.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [npm, file, name, hostile, pictures] = process.argv.slice(2);
const address = pathToFileURL(file).href;
const { chromium } = createRequire(`${npm}/`)("playwright-core");

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const faults = [];

/** A page of its own, of which whatever goes wrong is kept. */
async function newPage(more = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1000 }, acceptDownloads: true, ...more });
  const made = await context.newPage();
  made.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
  made.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  made.on("dialog", (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  made.on("request", (request) => {
    if (!/^(file|data|blob):/.test(request.url())) faults.push(`request: ${request.url()}`);
  });
  return made;
}

const page = await newPage();

async function genes() {
  return page.locator("tr.set td:first-child .opener").allTextContents();
}

async function column(title) {
  const titles = await page.locator("table.sets thead th .sort").allTextContents();
  assert.ok(titles.includes(title), `no column ${title} among ${titles}`);
  return page.locator(`tr.set td:nth-child(${titles.indexOf(title) + 1})`).allTextContents();
}

async function picture(view, of = page) {
  if (!pictures) return;
  for (const width of [1400, 390]) {
    await of.setViewportSize({ width, height: 1000 });
    await of.waitForTimeout(400);
    await of.screenshot({ path: `${pictures}/${name}-${view}-${width}.png`, fullPage: true });
  }
  await of.setViewportSize({ width: 1400, height: 1000 });
}

/** The page does not scroll sideways: what is wide does so within itself. */
async function fits(of, what) {
  const [wide, seen] = await of.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= seen, `${what}: ${wide} pixels wide on a screen of ${seen}`);
}

async function opens() {
  await page.goto(address);
  await page.waitForSelector("tr.set");
  assert.match(await page.locator(".verdicts").textContent(), / sets? (is|are) borne out by held-out cells/);
  assert.ok(await page.locator(".verdicts").isVisible());
  const all = await genes();
  assert.ok(all.length >= 4, `${all.length} sets`);
  assert.equal(await page.locator(".count").textContent(), `${all.length} of ${all.length} sets`);
  assert.ok(!(await page.locator(".static").isVisible()), "the static tables stand beside the live one");
  return all;
}

async function sorts(all) {
  const button = page.getByRole("button", { name: "Predicted change", exact: true });
  const number = (text) => Number(text.split(" %")[0].replace("\u2212", "-").replace("+", ""));
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
  assert.match(await page.locator("tr.none").textContent(), /^None of the \d+ sets is “no such gene”/);
  await search.fill("");
  const chip = page.getByRole("button", { name: "borne out", exact: true });
  await chip.click();
  assert.ok((await column("Verdict")).every((verdict) => verdict.startsWith("borne out")));
  await chip.click();
  assert.equal((await genes()).length, all.length);
  const redundant = page.getByRole("button", { name: "redundant", exact: true });
  await redundant.click();
  assert.ok((await column("Redundancy")).every((call) => call === "redundant" || call === "quorum"));
  await redundant.click();
  assert.equal(await page.getByRole("button", { name: "cis only", exact: true }).getAttribute("aria-pressed"), "false");
}

/** What measured cells contradict is no finding in any column. */
async function contradictedIsNoFinding() {
  const calls = await column("Redundancy");
  (await column("Verdict")).forEach((verdict, i) => {
    if (verdict.startsWith("contradicted")) assert.ok(["no finding", "not asked"].includes(calls[i]), calls[i]);
  });
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
  const heads = await page.locator("tr.panel .part h4").allTextContents();
  for (const head of ["Do they stand in for one another?", "Can the model be trusted for this gene?", "Members and partners", "Again on the command line"]) {
    assert.ok(heads.includes(head), `${head} is not among ${heads}`);
  }
  const members = await page.locator("tr.panel .part", { hasText: "Members and partners" }).locator("tbody tr").allTextContents();
  assert.ok(members.some((member) => /place$/.test(member)), `no member lies at a place: ${members}`);
  const answers = await page.locator("tr.panel .trust tbody td:nth-child(2)").allTextContents();
  assert.ok(answers.length >= 4 && answers.every((answer) => answer.trim() !== ""), String(answers));
  assert.match(await page.locator("tr.panel .command code").textContent(), /^grids explain .* --gene /);
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

/** Tab leads to a term's button, whose note it opens and Escape closes; the same for what is folded. */
async function glossaryByKeyboard() {
  await page.getByRole("searchbox").focus();
  const focused = (what) => page.evaluate((wanted) => document.activeElement.matches(wanted), what);
  for (let i = 0; i < 20 && !(await focused(".term")); i += 1) await page.keyboard.press("Tab");
  assert.ok(await focused(".term"), "no term within twenty steps");
  const note = page.getByRole("tooltip");
  assert.ok((await note.textContent()).length > 20 && (await note.isVisible()));
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-describedby")), "term-note");
  await page.keyboard.press("Escape");
  assert.ok(!(await note.isVisible()));
  await page.keyboard.press("Enter");
  assert.ok(await note.isVisible());
  await page.keyboard.press("Tab");
  assert.ok(!(await note.isVisible()), "the note stays when the focus has gone");
  const fold = page.locator("#accuracy summary").first();
  await fold.focus();
  await page.keyboard.press("Enter");
  assert.ok(await page.locator("#accuracy-in").isVisible());
  await page.keyboard.press("Enter");
  assert.ok(!(await page.locator("#accuracy-in").isVisible()));
}

/** A link opens what is folded, and so does paper. */
async function foldsOpen() {
  await page.locator('nav a[href="#run-in"]').click();
  assert.ok(await page.locator("#run-in").isVisible());
  assert.ok(!(await page.locator("#cells-in").isVisible()));
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.ok(await page.locator("#cells-in").isVisible());
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.ok(!(await page.locator("#cells-in").isVisible()));
}

async function methodsAreCopied() {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy the methods" }).click();
  await page.waitForFunction(() => [...document.querySelectorAll(".copy")].some((button) => /copied|Ctrl-C/.test(button.textContent)));
  const words = await page.locator("#methods-text").textContent();
  assert.match(words, /grids \d+\.\d+\.\d+ \(seed \d+\)/);
  assert.match(words, /Liu J, Xu S/);
}

/** The contrast of every text with what lies behind it, by WCAG 2; those below 4.5 and what they say. */
function weakTexts() {
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("header *, main *, footer *")) {
    if (element.closest(".locus, svg") || !element.checkVisibility()) continue;
    const words = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent.trim()).join("");
    if (!words || /^[●■]$/.test(words)) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) weak.push(`${words.slice(0, 30)}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return weak;
}

/** Light boxes on a dark page, of which there should be none but the genome. */
function lightBoxes() {
  return [...document.querySelectorAll("body, body *")].filter((element) => {
    if (element.closest(".locus") || !element.checkVisibility()) return false;
    const [r, g, b, a = 1] = (getComputedStyle(element).backgroundColor.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    return a > 0.5 && Math.min(r, g, b) > 200;
  }).map((element) => element.outerHTML.slice(0, 80));
}

async function readsInTheDark() {
  for (const colorScheme of ["light", "dark"]) {
    const own = await newPage({ colorScheme });
    await own.goto(address);
    await own.locator("tr.set .opener").first().click();
    await own.evaluate(() => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
    if (colorScheme === "dark") assert.deepEqual(await own.evaluate(lightBoxes), []);
    assert.deepEqual(await own.evaluate(weakTexts), [], `${colorScheme}: contrast below 4.5`);
    await own.waitForTimeout(1500);
    if (colorScheme === "dark") await picture("dark", own);
    await own.context().close();
  }
}

/** On a phone the page does not scroll sideways, and what the table leaves out is in the row's panel. */
async function fitsAPhone() {
  const own = await newPage({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await own.goto(address);
  await own.waitForSelector("tr.set");
  await fits(own, "the sets");
  await own.locator("tr.set .opener").first().tap();
  await own.waitForSelector("tr.panel .sentence");
  await fits(own, "an open row");
  const box = await own.locator(".panel-body").boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 390, `the panel reaches from ${box.x} to ${box.x + box.width}`);
  const facts = await own.locator(".facts dt").allTextContents();
  for (const fact of ["Slope", "q", "Peaks", "Redundancy", "Hidden share", "Partners"]) assert.ok(facts.includes(fact), fact);
  assert.ok(await own.locator(".facts").isVisible());
  await own.locator(".sorter select").selectOption({ label: "Slope" });
  assert.equal(await own.locator("th[aria-sort]").count(), 1);
  await own.locator("th .term").first().tap();
  assert.ok(await own.getByRole("tooltip").isVisible());
  const note = await own.getByRole("tooltip").boundingBox();
  assert.ok(note.x >= 0 && note.x + note.width <= 390, "the note reaches beyond the screen");
  await own.context().close();
}

/** Without its script the page says the same: the verdict line, the sets, and links that open what is folded. */
async function readsWithoutScripts(all) {
  const own = await newPage({ javaScriptEnabled: false });
  await own.goto(address);
  assert.ok(await own.locator(".verdicts").isVisible());
  const words = await own.locator(".static").textContent();
  for (const gene of all) assert.ok(words.includes(gene), `${gene} is not on the page`);
  assert.ok(await own.locator(".static table").first().isVisible());
  assert.ok(!(await own.locator("#accuracy-in").isVisible()));
  await own.locator('nav a[href="#accuracy-in"]').click();
  assert.ok(await own.locator("#accuracy-in").isVisible());
  assert.ok((await own.locator("#glossary dt").count()) > 10);
  await fits(own, "the static page");
  await picture("static", own);
  await own.setViewportSize({ width: 390, height: 844 });
  await fits(own, "the static page on a phone");
  await own.context().close();
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
  await glossaryByKeyboard();
  await contradictedIsNoFinding();
  await foldsOpen();
  await methodsAreCopied();
  await readsInTheDark();
  await fitsAPhone();
  await readsWithoutScripts(all);
}
assert.deepEqual(faults, []);
console.log(`${name}: ${all.length} sets, ${((Date.now() - began) / 1000).toFixed(1)} s`);
await browser.close();
