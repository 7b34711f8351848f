// page_speed.mjs NPM-FOLDER PAGE: what a reader waits for, in Chromium, medians of several tries. Prints a row of a table.
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [npm, file] = process.argv.slice(2);
const { chromium } = createRequire(`${npm}/`)("playwright-core");
const TRIES = 5;
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

async function opened() {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1000 } });
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector("tr.set");
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
  return { context, page, paint: await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime) };
}

/** From a click to what it changes being laid out and drawn. */
async function waited(page, selector, index) {
  return page.evaluate(async ([wanted, at]) => {
    const button = document.querySelectorAll(wanted)[at];
    const began = performance.now();
    button.click();
    document.body.getBoundingClientRect();
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - began;
  }, [selector, index]);
}

/** From a click to the genome's canvases. */
async function drawn(page) {
  return page.evaluate(async () => {
    const began = performance.now();
    document.querySelectorAll("tr.set .opener")[1].click();
    for (;;) {
      await new Promise((done) => requestAnimationFrame(done));
      const place = document.querySelector(".locus");
      const root = place?.shadowRoot ?? place?.firstElementChild?.shadowRoot ?? place;
      if ((root?.querySelectorAll("canvas").length ?? 0) > 3) return performance.now() - began;
      if (performance.now() - began > 20000) throw new Error("no genome");
    }
  });
}

const paints = [], opens = [], genomes = [], sorts = [], searches = []; // sorts: the tries of each column
let sets = 0;
for (let i = 0; i < TRIES; i += 1) {
  const { context, page, paint } = await opened();
  paints.push(paint);
  sets = await page.evaluate(() => window.grids.data.sets.length);
  const titles = await page.locator("table.sets th .sort").count();
  for (let column = 0; column < titles; column += 1) (sorts[column] ??= []).push(await waited(page, "table.sets th .sort", column));
  await page.reload();
  await page.waitForSelector("tr.set");
  searches.push(await page.evaluate(async () => {
    const search = document.querySelector("input[type=search]");
    search.value = "1";
    const began = performance.now();
    search.dispatchEvent(new Event("input"));
    document.body.getBoundingClientRect();
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    search.value = "";
    search.dispatchEvent(new Event("input"));
    return performance.now() - began;
  }));
  opens.push(await waited(page, "tr.set .opener", 0));
  genomes.push(await drawn(page));
  await context.close();
}
const whole = (value) => Math.round(value);
const slowest = Math.max(...sorts.map(median));
console.log(`| ${sets.toLocaleString("en-GB")} | ${(statSync(file).size / 1e6).toFixed(1)} MB | ${whole(median(paints))} ms | ${whole(slowest)} ms | ${whole(median(searches))} ms | ${whole(median(opens))} ms | ${whole(median(genomes))} ms |`);
await browser.close();
