// A stretch of a chromosome, drawn by igv.js without a network.
import igv from "igv/dist/igv.esm.min.js";

const BEYOND = 1000000; // base pairs of the chromosome after the stretch: its end is not known here

function chromosomeFile(chromosome, length) {
  return new File([`${chromosome}\t${length}\n`], "chromosomes.sizes");
}

/** Text for igv, which writes names of tracks and what it shows at a click as HTML. */
function inert(text) {
  return String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** What is shown at a click: names and values of igv's, made inert; false (no box) where there are none. */
function boxOf(rows) {
  const lines = (rows ?? []).map((row) => (row?.name ? `${inert(row.name)}&nbsp; ${inert(row.value)}` : ""));
  return lines.length > 0 ? lines.map((line) => `<div>${line}</div>`).join("") : false;
}

/**
 * Draws tracks of igv's kinds into `place`, which is on the page; resolves to igv's browser. A track's own
 * `whenClicked(features, position)` is called in the place of igv's box.
 */
export async function genome(place, { chrom, from, to }, tracks) {
  const acts = new Map(tracks.filter((track) => track.whenClicked).map((track) => [track.id, track.whenClicked]));
  const browser = await igv.createBrowser(place, {
    loadDefaultGenomes: false,
    reference: { id: "study", name: "study", format: "chromsizes", fastaURL: chromosomeFile(chrom, to + BEYOND), wholeGenomeView: false },
    locus: `${chrom}:${from + 1}-${to}`,
    showChromosomeWidget: false, showCenterGuideButton: false, showTrackLabelButton: false, showSVGButton: true,
    showROITableButton: false, showMultiSelectButton: false, showSampleNameButton: false,
    tracks: tracks.map(({ whenClicked, ...track }) => ({ ...track, name: inert(track.name) })),
  });
  // igv.js draws in a shadow tree that the page's style does not reach; a phone has no room for the stretch's length.
  const narrow = document.createElement("style");
  narrow.textContent = "@media(max-width:600px){.igv-windowsize-panel-container{display:none !important}}";
  (place.shadowRoot ?? place).append(narrow);
  browser.on("trackclick", (track, rows, position, features) => {
    const act = acts.get(track?.id);
    if (!act) return boxOf(rows);
    act(features ?? [], position);
    return false;
  });
  return browser;
}

/** Takes a drawn genome off the page. */
export function removeGenome(browser) {
  igv.removeBrowser(browser);
}
