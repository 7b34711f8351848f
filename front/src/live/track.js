// The gene's surroundings, with a switch for each candidate peak.
import { genome, removeGenome } from "../genome.js";
import { opennessTracks } from "../locus.js";

const MARGIN = 0.08; // of the width beside what is shown: names of tracks stand there
const LEAST = { observed: 3, closed: 7, open: 7 }; // pixels: igv takes three to either side for a click on it
const TOP = 20; // pixels above the switches: igv writes the track's name there
const CLOSED = "#0072b2", OPEN = "#d55e00", OBSERVED = "#8c8c86";

/** Where to look: the gene and its candidates. */
function stretch(gene, peaks) {
  const near = peaks.filter((peak) => peak.chrom === gene.chrom);
  const from = Math.min(gene.start, ...near.map((peak) => peak.start));
  const to = Math.max(gene.end, ...near.map((peak) => peak.end));
  const margin = Math.ceil(MARGIN * (to - from));
  return { chrom: gene.chrom, from: Math.max(0, from - margin), to: to + margin };
}

/** The gene in black, those around it in grey. */
function geneFeatures(gene, genes) {
  const others = genes.filter((other) => other.name !== gene.name);
  return [gene, ...others].map(({ name, chrom, start, end, strand }) => ({ chr: chrom, start, end, name, strand, color: name === gene.name ? "#1c1c1a" : "#a3a39d" }));
}

/** A peak by its state, in shapes: a bar as observed, a cross where closed, a triangle where open. */
function drawSwitch(pen, state, left, width) {
  const middle = left + width / 2;
  pen.translate(0, TOP);
  pen.lineWidth = 2.5;
  if (state === "closed") {
    pen.strokeStyle = CLOSED;
    pen.beginPath();
    pen.moveTo(middle - 6, 8);
    pen.lineTo(middle + 6, 24);
    pen.moveTo(middle + 6, 8);
    pen.lineTo(middle - 6, 24);
    pen.stroke();
    pen.fillStyle = CLOSED;
    pen.fillRect(left, 27, width, 3);
  } else if (state === "open") {
    pen.fillStyle = OPEN;
    pen.beginPath();
    pen.moveTo(middle - 7, 24);
    pen.lineTo(middle + 7, 24);
    pen.lineTo(middle, 6);
    pen.fill();
    pen.fillRect(left, 27, width, 3);
  } else {
    pen.fillStyle = OBSERVED;
    pen.fillRect(left, 12, width, 12);
  }
}

export class Track {
  /** `place` is on the page; `turn(peak)` is called when a peak is clicked. */
  constructor(place, switches, turn) {
    this.place = place;
    this.switches = switches;
    this.turn = turn;
    this.browser = null;
    this.drawn = 0; // how often show() was called: igv is slow, and the newest counts
  }

  /** `answer`: of /api/gene; `type`: whose openness stands first. */
  async show(answer, type) {
    const mine = (this.drawn += 1);
    this.remove();
    const { gene, peaks } = answer;
    if (peaks.length === 0) {
      this.place.textContent = `No candidate peaks are known near ${gene.name}: search among all peaks, or begin with the peaks of a set.`;
      return;
    }
    const place = document.createElement("div");
    this.place.replaceChildren(place);
    const browser = await genome(place, stretch(gene, peaks), this.#tracks(answer, type));
    if (mine === this.drawn) this.browser = browser;
    else removeGenome(browser);
  }

  #tracks({ gene, genes, peaks, types }, type) {
    const near = peaks.filter((peak) => peak.chrom === gene.chrom);
    const order = types.includes(type) ? [type, ...types.filter((name) => name !== type)] : types;
    const rows = near.map((peak) => ({ ...Object.fromEntries(types.map((name, i) => [name, peak.openness[i]])), chrom: peak.chrom, start: peak.start, end: peak.end }));
    return [
      { name: "genes", type: "annotation", displayMode: "EXPANDED", height: 74, searchable: false, features: geneFeatures(gene, genes) },
      { id: "switches", name: "switches", type: "annotation", displayMode: "COLLAPSED", height: 60, searchable: false,
        features: near.map((peak) => ({ chr: peak.chrom, start: peak.start, end: peak.end, peak: peak.peak })),
        render: (feature, from, scale, height, pen) => this.#draw(feature, from, scale, pen),
        whenClicked: (features, position) => this.#click(features, position) },
      { name: "closed alone", type: "wig", height: 56, color: "#d55e00", altColor: "#0072b2", autoscale: true,
        features: near.filter((peak) => Number.isFinite(peak.change_alone)).map((peak) => ({ chr: peak.chrom, start: peak.start, end: peak.end, value: peak.change_alone })) },
      ...opennessTracks(rows, order, type),
    ];
  }

  #draw(feature, from, scale, pen) {
    const state = this.switches.of(feature.peak);
    const width = Math.max(LEAST[state], (feature.end - feature.start) / scale);
    const middle = ((feature.start + feature.end) / 2 - from) / scale;
    pen.save();
    drawSwitch(pen, state, middle - width / 2, width);
    pen.restore();
  }

  /** Of several peaks under the pointer the nearest. */
  #click(features, position) {
    const away = (feature) => Math.abs((feature.start + feature.end) / 2 - position);
    const nearest = [...features].sort((a, b) => away(a) - away(b))[0];
    if (nearest) this.turn(nearest.peak);
  }

  /** After a switch. */
  again() {
    const view = this.browser?.findTracks?.("id", "switches")[0]?.trackView;
    view?.repaintViews();
  }

  remove() {
    if (this.browser) removeGenome(this.browser);
    this.browser = null;
  }
}
