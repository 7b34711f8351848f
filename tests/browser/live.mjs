// live.mjs NPM-FOLDER ADDRESS PART HOSTILE-GENE HOSTILE-TYPE [PICTURES]: see live.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [npm, address, part, hostileGene, hostileType, pictures] = process.argv.slice(2);
const { chromium } = createRequire(`${npm}/`)("playwright-core");
const origin = new URL(address).origin;
const NOTE = "=a note <b>of mine</b>";

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

const faults = [];
// Settings are refused whenever too many peaks are switched, and the page shows why.
const EVER = ["/api/settings"];
const refused = { allowed: EVER }; // addresses of which a refusal is part of what is tried

async function newPage(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1000 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.on("console", (message) => {
    const where = message.location().url ?? "";
    const told = /^Failed to load resource/.test(message.text()) && refused.allowed.some((path) => where.startsWith(`${origin}/`) && where.endsWith(path));
    if (message.type() === "error" && !told) faults.push(`console: ${message.text()} (${where})`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) faults.push(`request: ${url}`);
  });
  return page;
}

const page = await newPage();
const sentence = page.locator("#what-if .sentence");
const gene = page.getByRole("combobox", { name: "Gene" });
const type = page.getByRole("combobox", { name: "Cell type" });
const switches = page.locator("#what-if .switch");

const button = (name) => page.getByRole("button", { name, exact: true });

async function picture(view) {
  if (!pictures) return;
  for (const width of [1400, 390]) {
    await page.setViewportSize({ width, height: 1000 });
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForTimeout(500);
    await page.locator("#what-if").screenshot({ path: `${pictures}/live-${view}-${width}.png`, style: "#what-if .sentence{position:static}" });
  }
  await page.setViewportSize({ width: 1400, height: 1000 });
}

/** What the server itself says, asked as the page asks: beneath the folder of this login. */
async function ask(path, body) {
  return page.evaluate(async ([path_, body_]) => {
    const words = body_ === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body_) };
    return (await fetch(`.${path_}`, words)).json();
  }, [path, body]);
}

function percent(share) {
  const text = (100 * share).toFixed(Math.abs(share) < 0.001 && share !== 0 ? 2 : 1).replace("-", "\u2212");
  return `${share > 0 ? "+" : ""}${text} %`;
}

async function says(words) {
  await page.waitForFunction(([words_]) => {
    const place = document.querySelector("#what-if .sentence");
    return place.getAttribute("aria-busy") !== "true" && place.textContent.includes(words_);
  }, [words], { timeout: 20000 });
}

async function states() {
  return page.locator("#what-if tr[data-state]").evaluateAll((rows) => rows.map((row) => row.dataset.state));
}

async function closedPeaks() {
  const labels = await page.locator('#what-if tr[data-state="closed"] .switch').evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  return labels.map((label) => label.replace(/: closed$/, ""));
}

async function choose(name, of) {
  await type.selectOption(of);
  await gene.fill(name);
  await page.keyboard.press("Enter");
  await page.waitForFunction(([name_, of_]) => {
    const target = window.grids?.whatIf?.target;
    return target?.gene === name_ && target?.cell_type === of_;
  }, [name, of]);
}

async function saved(press) {
  const [download] = await Promise.all([page.waitForEvent("download"), press.click()]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "latin1") };
}

async function logsIn() {
  const stranger = await newPage();
  refused.allowed = [...EVER, "/login"];
  await stranger.goto(`${origin}/`);
  await stranger.getByText("whole address").waitFor();
  await stranger.goto(`${origin}/#wrong`);
  await stranger.reload();
  await stranger.getByText("not of the grids view that is on now").waitFor();
  assert.equal(await stranger.locator("#what-if").count(), 0);
  await stranger.context().close();
  refused.allowed = EVER;

  await page.goto(address);
  await gene.waitFor();
  const folder = page.url().slice(origin.length);
  assert.match(folder, /^\/[0-9a-f]{64}\/$/);
  await page.goto(address); // once more: the token does not stay in the address
  await page.waitForFunction((at) => location.pathname === at && location.hash === "", folder);
  const [cookie] = await page.context().cookies();
  assert.ok(cookie.httpOnly && cookie.sameSite === "Strict" && cookie.path === folder && !address.includes(cookie.value), JSON.stringify(cookie));
}

/** A gene and a type with candidate peaks, whose names are no markup. */
async function aTarget() {
  const { genes, types } = await ask("/api/session");
  assert.ok(genes.includes(hostileGene) && types.some((each) => each.name === hostileType));
  const plain = types.map((each) => each.name).find((name) => name !== hostileType);
  for (const name of genes.filter((each) => each !== hostileGene)) {
    const known = await ask("/api/gene", { gene: name, cell_type: plain });
    const moving = known.peaks.filter((peak) => peak.change_alone !== null && peak.change_alone !== 0);
    if (moving.length >= 4) return { gene: name, cell_type: plain, known };
  }
  throw new Error("no gene has four candidate peaks");
}

async function switchesPeaks({ gene: name, cell_type, known }) {
  await choose(name, cell_type);
  assert.equal(await switches.count(), known.peaks.length);
  await says("with every peak as observed");
  await page.getByRole("combobox", { name: "Order of the peaks" }).selectOption({ index: 1 });
  await switches.first().click();
  await says("Closing 1 peak changes");
  const [peak] = await closedPeaks();
  const closed = await ask("/api/change", { gene: name, cell_type, close: [peak], open: [] });
  const change = closed.types.find((row) => row.cell_type === cell_type).rate_change;
  assert.ok((await sentence.textContent()).includes(percent(change)), `${await sentence.textContent()} ${change}`);
  assert.equal(await page.locator("#what-if figure").first().locator("circle").count(), closed.types.filter((row) => row.rate_change !== null).length);
  await switches.first().click();
  await says("Opening 1 peak changes");
  const open = await ask("/api/change", { gene: name, cell_type, close: [], open: [peak] });
  assert.ok((await sentence.textContent()).includes(percent(open.types.find((row) => row.cell_type === cell_type).rate_change)));
  await switches.first().click();
  await says("with every peak as observed");
  await button("Undo").click();
  await says("Opening 1 peak changes");
  await button("All as observed").click();
  await says("with every peak as observed");
}

/** Another type keeps what is switched; all types together are one. */
async function changesType({ gene: name, cell_type }) {
  await switches.first().click();
  await says("Closing 1 peak changes");
  const closed = await closedPeaks();
  await type.selectOption("all");
  await says("over cells of all types");
  assert.deepEqual(await closedPeaks(), closed);
  const change = await ask("/api/change", { gene: name, cell_type: "all", close: closed, open: [] });
  assert.ok((await sentence.textContent()).includes(percent(change.types.find((row) => row.cell_type === "all").rate_change)));
  await button("All as observed").click();
  await says("with every peak as observed");
  await type.selectOption(cell_type);
  await page.waitForFunction((of) => window.grids.whatIf.target.cell_type === of, cell_type);
}

/** Three switches at once are one question, and its answer is what is drawn, also where one before it is late. */
async function newestWins({ gene: name, cell_type }) {
  let held = 0;
  await page.route("**/api/change", async (route) => {
    held += 1;
    if (held === 1) await new Promise((resolve) => setTimeout(resolve, 700));
    await route.continue().catch(() => {}); // given up by the page
  });
  await switches.nth(0).click();
  await page.waitForTimeout(200);
  await page.evaluate(() => [...document.querySelectorAll("#what-if .switch")].slice(1, 4).forEach((one) => one.click()));
  await says("Closing 4 peaks changes");
  await page.waitForTimeout(1000);
  await page.unroute("**/api/change");
  const expected = await ask("/api/change", { gene: name, cell_type, close: await closedPeaks(), open: [] });
  assert.ok((await sentence.textContent()).includes(percent(expected.types.find((row) => row.cell_type === cell_type).rate_change)));
  assert.equal(held, 2);
}

/** A click on the genome turns the same switch as one in the list. */
async function switchesInTrack() {
  await button("All as observed").click();
  await page.waitForFunction(() => window.grids.whatIf.track.browser !== null, null, { timeout: 60000 });
  await page.locator("#what-if .locus").scrollIntoViewIfNeeded();
  const peak = await page.evaluate(() => {
    const { track, known } = window.grids.whatIf;
    const view = track.browser.findTracks("id", "switches")[0].trackView;
    const frame = track.browser.referenceFrameList[0];
    const box = view.viewports[0].viewportElement.getBoundingClientRect();
    const at = (one) => ((one.start + one.end) / 2 - frame.start) / frame.bpPerPixel;
    // The one that is farthest from its neighbours: no other is under the pointer.
    const apart = known.peaks.map((one) => ({ one, room: Math.min(...known.peaks.filter((other) => other !== one).map((other) => Math.abs(at(other) - at(one)))) }));
    const { one } = apart.sort((a, b) => b.room - a.room)[0];
    return { name: one.peak, x: box.x + at(one), y: box.y + 36 };
  });
  for (const state of ["closed", "open"]) {
    await page.mouse.click(peak.x, peak.y);
    await page.waitForFunction(([name, state_]) => window.grids.whatIf.switches.of(name) === state_, [peak.name, state], { timeout: 5000 });
    await page.waitForTimeout(600); // igv takes two clicks at once for a zoom
  }
  await says("Opening 1 peak changes");
  await button("All as observed").click();
}

async function searches({ gene: name }) {
  await page.getByRole("spinbutton", { name: "Peaks, at most" }).fill("3");
  await button("Search from here").click();
  await button("Take this set").waitFor({ timeout: 60000 });
  const steps = await page.locator("#what-if table", { hasText: "Evaluations" }).locator("tbody tr").count();
  assert.ok(steps >= 1, "no steps");
  const found = await button("Take this set").locator("xpath=..").textContent();
  await button("Take this set").click();
  await says("Closing ");
  const closed = await closedPeaks();
  assert.ok(closed.length >= 1 && closed.length <= 3, String(closed));
  const [share] = found.match(/[\u2212+]?[0-9.]+ %/);
  assert.ok((await sentence.textContent()).includes(share), `${found} / ${await sentence.textContent()} of ${name}`);
  // Another one, stopped at once: it ends, with what it has or with nothing.
  await page.getByRole("combobox", { name: "Where" }).selectOption("all");
  await page.getByRole("spinbutton", { name: "Peaks, at most" }).fill("20");
  await button("Search from here").click();
  await button("Stop").click({ timeout: 3000 }).catch(() => {}); // it may be done already
  await page.waitForFunction(() => ![...document.querySelectorAll("#what-if button")].find((one) => one.textContent === "Search from here").disabled, null, { timeout: 60000 });
  await page.getByRole("combobox", { name: "Where" }).selectOption("cis");
}

async function settings({ gene: name, cell_type }) {
  await button("All as observed").click();
  await page.getByText("Switch one or more peaks.").waitFor();
  await switches.first().click();
  const peaks = await closedPeaks();
  const expected = await ask("/api/settings", { gene: name, cell_type, peaks });
  const table = page.locator("#what-if table", { hasText: "In the fit" });
  await table.waitFor();
  assert.equal(await table.locator("tbody tr").count(), expected.rows.length);
  // Too many, or none that is an element: the reason stands there.
  const count = Math.min(await switches.count(), 12);
  for (let i = 1; i < count; i += 1) await switches.nth(i).click();
  await says(`Closing ${count} peaks`);
  const answer = await ask("/api/settings", { gene: name, cell_type, peaks: await closedPeaks() });
  assert.ok(answer.error || answer.rows, JSON.stringify(answer));
  if (answer.error) await page.getByText(answer.error).waitFor();
  await button("All as observed").click();
  await says("with every peak as observed");
}

const cost = page.locator("#judge-cost");

async function judges({ gene: name }) {
  assert.ok(await button("Judge on held-out cells").isDisabled(), "nothing is closed");
  assert.match(await cost.textContent(), /1st look .*multiplied by 1, .*exploratory/);
  assert.ok((await cost.textContent()).includes(name));
  for (const look of [1, 2]) {
    await switches.nth(look - 1).click();
    await page.waitForFunction((words_) => document.querySelector("#judge-cost").textContent.includes(words_), look === 1 ? "1st look" : "2nd look");
    await button("Judge on held-out cells").click();
    await page.waitForFunction((count) => document.querySelectorAll("#what-if .judged > li").length === count, look, { timeout: 60000 });
    const words = await page.locator("#what-if .judged > li").first().textContent();
    assert.match(words, /exploratory/i);
    assert.match(await cost.textContent(), /was judged: to ask again costs nothing/);
  }
  // The first answer is of two looks by now.
  await page.waitForFunction(() => [...document.querySelectorAll("#what-if .judged > li")].every((each) => /\b2 sets|cannot judge/.test(each.textContent)), null, { timeout: 60000 });
  assert.ok(!/borne out/.test(await page.locator("#what-if").textContent()), "a set that was looked for is called borne out");
}

async function saves({ gene: name }) {
  await page.getByRole("textbox", { name: "Note" }).fill(NOTE);
  await button("Save this set").click();
  await page.getByText("Saved as exploratory").waitFor();
  const list = page.locator("#what-if table", { hasText: "exploratory" });
  assert.ok((await list.textContent()).includes("of mine"));
  assert.equal(await page.locator("#what-if b:text-is('of mine')").count(), 0);
  const tsv = await saved(page.getByRole("link", { name: "TSV", exact: true }));
  assert.ok(tsv.text.includes(name) && tsv.text.includes("exploratory"), tsv.text);
  const bed = await saved(page.getByRole("link", { name: "BED", exact: true }));
  assert.match(bed.text, /\t[0-9]+\t[0-9]+\t/);
}

async function savesFigures() {
  const figure = page.locator("#what-if figure").first();
  assert.match((await saved(figure.getByRole("button", { name: "SVG" }))).text, /^<svg [^]*<\/svg>$/);
  assert.equal((await saved(figure.getByRole("button", { name: "PNG" }))).text.slice(1, 4), "PNG");
  assert.ok((await saved(figure.getByRole("button", { name: "TSV" }))).text.startsWith("cell_type\tcells\t"));
}

/** From the top of the page to a switched peak and back with keys alone. */
async function byKeyboard({ gene: name, cell_type }) {
  await page.reload();
  await gene.waitFor();
  await type.selectOption(cell_type);
  await page.evaluate(() => document.activeElement.blur());
  const tabTo = async (selector) => {
    for (let i = 0; i < 80; i += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    }
    throw new Error(`${selector} is not reached by Tab`);
  };
  await tabTo("#what-if [role=combobox]");
  await page.keyboard.type(name.slice(0, -1));
  await page.keyboard.press("Escape"); // closes the list, and the old name stands again
  assert.equal(await gene.inputValue(), "");
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await says("with every peak as observed");
  await tabTo("#what-if .switch");
  await page.keyboard.press("Space");
  await says("Closing 1 peak changes");
  assert.ok(await page.evaluate(() => document.activeElement.matches(".switch")), "the switch lost the focus");
  await page.keyboard.press("Control+z");
  await says("with every peak as observed");
  await page.keyboard.press("Enter");
  await says("Closing 1 peak changes");
  await tabTo("#what-if form button");
  await page.keyboard.press("Enter");
  await button("Take this set").waitFor({ timeout: 60000 });
  await tabTo("#what-if section [role=status] button");
  await page.keyboard.press("Space");
  await says("Closing ");
  // The price was told; the keyboard reaches what spends it, and does not press it.
  await tabTo("#what-if [aria-describedby=judge-cost]");
}

async function fromARow() {
  const row = page.locator("tr.set", { hasText: "onload" }).first();
  await row.locator(".opener").click();
  await page.locator("tr.panel button.what-if").click();
  await page.waitForFunction((name) => window.grids.whatIf.target?.gene === name, hostileGene);
  const peaks = await page.evaluate((name) => {
    const { data } = window.grids;
    const set = data.sets.find((each) => each.gene === name);
    return data.of("links", set).filter((link) => link.rank !== "NA").map((link) => link.peak);
  }, hostileGene);
  await says(`Closing ${peaks.length} peak`);
  assert.deepEqual((await closedPeaks()).sort(), [...peaks].sort());
}

async function isInert() {
  await gene.fill("svg/"); // by pointer
  await page.getByRole("option", { name: hostileGene }).click();
  await says("with every peak as observed");
  assert.equal(await type.inputValue(), hostileType);
  await page.waitForTimeout(2500); // the genome
  await switches.first().click();
  await says(" changes the prediction of ");
  await page.locator("#what-if .igv-track-label").last().click({ force: true }).catch(() => {}); // igv's own box
  await page.waitForTimeout(500);
  assert.equal(await page.locator("svg[onload], b[onclick]").count(), 0);
  assert.ok((await sentence.textContent()).includes(hostileGene));
}

async function tellsOfALostServer() {
  refused.allowed = [...EVER, "/api/change"];
  await page.route("**/api/**", (route) => route.abort("connectionrefused"));
  await switches.nth(1).click();
  await page.getByRole("alert").filter({ hasText: "does not answer" }).first().waitFor();
  await picture("lost");
  await page.unroute("**/api/**");
  await button("try again").first().click();
  await says(" changes the prediction of ");
  await page.waitForTimeout(1000); // the settings are asked again as well
  assert.equal(await page.getByText("does not answer").count(), 0);
  refused.allowed = EVER;
}

async function fitsAPhone() {
  await page.setViewportSize({ width: 390, height: 800 });
  await page.waitForTimeout(300);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 390, `${wide} pixels wide`);
  await page.setViewportSize({ width: 1400, height: 1000 });
}

const began = Date.now();
await logsIn();
if (part === "first") {
  await picture("begin");
  const target = await aTarget();
  await switchesPeaks(target);
  await picture("baseline");
  await changesType(target);
  await newestWins(target);
  await picture("switched");
  await switchesInTrack();
  await searches(target);
  await picture("searched");
  await settings(target);
  await judges(target);
  await saves(target);
  await savesFigures();
  await picture("saved");
  await fitsAPhone();
  await byKeyboard(target);
  await fromARow();
  await picture("from-row");
  await isInert();
  await tellsOfALostServer();
  await page.emulateMedia({ colorScheme: "dark" });
  await picture("dark");
} else {
  // Another start of the server: looks are still counted, and saved sets are there.
  await page.locator("#what-if").getByText("of mine").first().waitFor();
  const target = await aTarget();
  await choose(target.gene, target.cell_type);
  await page.waitForFunction(() => document.querySelector("#judge-cost").textContent.includes("3rd look"));
}
assert.deepEqual(faults, []);
console.log(`live ${part}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
await browser.close();
