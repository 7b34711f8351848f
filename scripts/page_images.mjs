// page_images.mjs NPM-FOLDER REPORT FOLDER: the pictures of the page in docs/images, of at most 60 kB each.
//
//     node scripts/page_images.mjs build/release/page/npm demo/results/report.html docs/images
//     node scripts/page_images.mjs build/release/page/npm http://127.0.0.1:PORT/#TOKEN docs/images
//
// The second: those of the live page, at the address that `grids view demo/results --no-open` prints.
// Views as readers see them, 1,400 pixels wide and on a phone (390). Look at each before it is committed.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [npm, file, folder] = process.argv.slice(2);
const { chromium } = createRequire(`${resolve(npm)}/`)("playwright-core");
const MOST_BYTES = 60000;

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

async function opened(page) {
  await page.locator("tr.set .opener").first().click();
  await page.waitForFunction(() => {
    const place = document.querySelector(".locus");
    return (place?.firstElementChild?.shadowRoot ?? place?.shadowRoot ?? place)?.querySelectorAll("canvas").length > 3;
  });
  await page.waitForTimeout(1500);
}

const heading = (words) => (page) => page.locator("h4", { hasText: words }).first().evaluate((element) => element.scrollIntoView({ block: "start", behavior: "instant" }));

/** What each view shows: how it is come to, and what of the browser it needs. */
const VIEWS = {
  sets: [],
  row: [opened, (page) => page.locator(".count").evaluate((element) => element.scrollIntoView({ block: "start", behavior: "instant" }))],
  trust: [opened, heading("Evidence")],
  members: [opened, heading("Members and partners")],
  rests: [(page) => page.locator("#redundancy").evaluate((element) => element.scrollIntoView({ block: "start", behavior: "instant" }))],
  dark: [opened],
  static: [],
};

/** The first set of the page: its gene, its type, then its peaks as observed. */
const began = async (page) => {
  await page.locator("#what-if").waitFor(); // the login is over
  const [gene, type] = await page.locator("tr.set").first().locator("td").allTextContents();
  const field = page.getByRole("combobox", { name: "Gene" });
  await field.fill(gene);
  await field.press("Enter");
  await page.getByRole("combobox", { name: "Cell type" }).selectOption(type);
  await page.locator("#what-if .switch").first().waitFor();
  await page.locator("#what-if h3, #what-if h2").first().evaluate((element) => element.scrollIntoView({ block: "start", behavior: "instant" }));
};
const search = async (page) => {
  await page.getByRole("button", { name: "Search from here", exact: true }).click();
  await page.getByRole("button", { name: "Take this set", exact: true }).waitFor();
};
const take = async (page) => {
  await page.getByRole("button", { name: "Take this set", exact: true }).click();
  await page.locator("#what-if .sentence", { hasText: "changes the prediction of" }).waitFor();
  await page.waitForTimeout(2500); // the genome, and the settings
};
const judge = async (page) => {
  await page.getByRole("button", { name: "Judge on held-out cells", exact: true }).click();
  await page.locator("#what-if .judged > li").first().waitFor();
};
const top = (words) => (page) => page.locator("#what-if h4", { hasText: words }).first().evaluate((element) => element.scrollIntoView({ block: "start", behavior: "instant" }));
/** Of the live page. */
const LIVE_VIEWS = {
  begin: [began],
  searched: [began, search, top("Search")],
  switched: [began, search, take, top("Candidate")],
  judged: [began, search, take, judge, top("Judge")],
};

const desk = await (await browser.newContext()).newPage(); // where pictures are packed

/** The best picture that is small enough, packed by the browser itself: no other program is needed. */
async function saved(page, path) {
  const png = (await page.screenshot({ type: "png" })).toString("base64");
  const { data, quality } = await desk.evaluate(async ([picture, most]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d").drawImage(image, 0, 0);
    let last;
    for (const share of [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]) {
      last = { data: canvas.toDataURL("image/webp", share).split(",")[1], quality: share };
      if (last.data.length * 0.75 <= most) break;
    }
    return last;
  }, [png, MOST_BYTES]);
  const bytes = Buffer.from(data, "base64");
  if (bytes.length > MOST_BYTES) throw new Error(`${path}: ${bytes.length} bytes`);
  writeFileSync(path, bytes);
  console.log(`${path}: ${Math.round(bytes.length / 1000)} kB, quality ${quality}`);
}

const isLive = file.startsWith("http:");
const address = isLive ? file : pathToFileURL(resolve(file)).href;
for (const [view, steps] of Object.entries(isLive ? LIVE_VIEWS : VIEWS)) {
  for (const [width, height, deviceScaleFactor] of [[1400, 1050, 0.75], [390, 800, 1]]) {
    const context = await browser.newContext({
      viewport: { width, height }, deviceScaleFactor, colorScheme: view === "dark" ? "dark" : "light", javaScriptEnabled: view !== "static",
    });
    const page = await context.newPage();
    await page.goto(address);
    for (const step of steps) await step(page);
    if (view === "static") await page.locator("#sets h2").scrollIntoViewIfNeeded();
    await page.waitForTimeout(300);
    await saved(page, `${folder}/${isLive ? "live" : "report"}-${view}-${width}.webp`);
    await context.close();
  }
}
await browser.close();
