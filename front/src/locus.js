// The set on the genome, drawn by igv.js without a network: what it needs is on the page.
import { SPARED, arcColour } from "./arcs.js";
import { genome } from "./genome.js";
import { number, records } from "./tsv.js";

const MARGIN = 20000; // base pairs beside what is shown
const TYPE_COLOURS = ["#0072b2", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#e69f00", "#7a7a75", "#000000"];

/** Where to look: the gene and the set's peaks on its chromosome. */
function span(links, gene) {
  const near = links.filter((link) => link.chrom === gene.chrom);
  const starts = near.map((link) => link.start).concat(gene.start);
  const ends = near.map((link) => link.end).concat(gene.end);
  const from = Math.min(...starts), to = Math.max(...ends);
  const margin = Math.max(MARGIN, (to - from) / 10);
  return { from: Math.max(0, Math.floor(from - margin)), to: Math.ceil(to + margin) };
}

function arc(chrom, first, second, more) {
  return {
    chr1: chrom, start1: first.start, end1: first.end, chr2: chrom, start2: second.start, end2: second.end,
    chr: chrom, start: Math.min(first.start, second.start), end: Math.max(first.end, second.end), ...more,
  };
}

const MOST_THICK = 6; // pixels, of the member that changes the prediction most

/** From members, or partners, to the start of transcription; thickness by what masking the element alone changes. */
function arcs(links, gene, partners) {
  const sizes = links.map((link) => Math.abs(link.weight)).filter(Number.isFinite);
  const largest = Math.max(1e-9, ...sizes);
  return links
    .filter((link) => link.chrom === gene.chrom && link.partner === partners)
    .map((link) => {
      const size = Math.abs(link.weight) || 0;
      return arc(link.chrom, link, { start: gene.tss, end: gene.tss + 1 },
        { name: link.peak, score: 100 * size, color: arcColour(link), thickness: Math.max(1, (MOST_THICK * size) / largest) });
    });
}

function bare(chromosome) {
  return chromosome.replace(/^chr/, "");
}

/** Loops of chromatin that sets were validated with. */
function loops(hits, gene) {
  const seen = new Map();
  for (const hit of hits) {
    if (hit.what !== "loops" || hit.chrom !== bare(gene.chrom) || hit.other_chrom !== hit.chrom) continue;
    const first = { start: number(hit.start), end: number(hit.end) }, second = { start: number(hit.other_start), end: number(hit.other_end) };
    seen.set(`${first.start} ${second.start}`, arc(gene.chrom, first, second, { name: "loop", score: 1 }));
  }
  return [...seen.values()];
}

/** igv.js has no dashed arcs: those of this track are drawn with a dashed pen. */
function dash(browser, name) {
  for (const view of browser.trackViews) {
    if (view.track.name !== name) continue;
    const draw = view.track.draw.bind(view.track);
    view.track.draw = (options) => {
      options.context.setLineDash([5, 4]);
      draw(options);
      options.context.setLineDash([]);
    };
    view.repaintViews();
  }
}

/** `color` of all arcs, or null where each has its own: igv.js prefers that of the track. */
function arcTrack(name, height, color, features) {
  return features.length === 0 ? [] : [{ name, type: "interact", format: "bedpe", height, ...(color ? { color } : {}), arcOrientation: true, thickness: 1, features }];
}

/** The gene itself stands out, and is first where they overlap. */
function geneFeatures(genes, wanted) {
  return genes.map((gene) => ({
    chr: gene.chrom, start: gene.start, end: gene.end, name: gene.gene, strand: gene.strand, color: gene.gene === wanted ? "#1c1c1a" : "#a3a39d",
  })).sort((a, b) => (b.name === wanted) - (a.name === wanted));
}

/** The peaks around a gene with the share of cells in which they are open, a track a type. */
export function opennessTracks(rows, types, wanted) {
  return types.map((type, i) => ({
    name: type,
    type: "wig",
    height: type === wanted ? 56 : 34,
    color: TYPE_COLOURS[i % TYPE_COLOURS.length],
    min: 0,
    autoscaleGroup: "openness",
    features: rows.map((row) => ({ chr: row.chrom, start: number(row.start), end: number(row.end), value: number(row[type]) || 0 })),
  }));
}

function peakFeatures(rows, links) {
  const ranks = new Map(links.map((link) => [link.peak, link]));
  return rows.map((row) => {
    const link = ranks.get(row.peak);
    const member = link && Number.isFinite(link.rank);
    return {
      chr: row.chrom, start: number(row.start), end: number(row.end),
      name: member ? `${link.rank}` : link ? "partner" : "",
      color: member ? (link.minimal ? "#0072b2" : SPARED) : link ? "#e69f00" : "#c9c9c4",
    };
  });
}

/** Links of a set with numbers, and the gene that they lead to. */
export function linksOf(rows) {
  const links = rows.map((row) => ({
    peak: row.peak, chrom: row.chrom, start: number(row.start), end: number(row.end), element: row.element,
    kind: row.class, rank: number(row.rank), minimal: row.in_minimal === "yes",
    partner: row.partner === "yes" && row.rank === "NA",
    weight: number(row.loss_alone), distance: number(row.distance_to_tss), tss: number(row.tss), strand: row.strand,
  }));
  return links;
}

/** Draws into `place`; resolves to igv's browser. `hits`: rows of hits.tsv of this set, if there are any. */
export async function locus(place, data, set, links, gene, hits = []) {
  const { from, to } = span(links, gene);
  const around = records(data.tables.loci).filter(
    (row) => row.chrom === gene.chrom && number(row.end) > from && number(row.start) < to);
  const genes = records(data.tables.genes)
    .map((row) => ({ ...row, start: number(row.start), end: number(row.end) }))
    .filter((row) => row.chrom === gene.chrom && row.end > from && row.start < to);
  const types = set.cell_type === "all" ? data.types : [set.cell_type, ...data.types.filter((type) => type !== set.cell_type)];
  const browser = await genome(place, { chrom: gene.chrom, from, to }, [
    { name: "genes", type: "annotation", displayMode: "EXPANDED", height: 74, features: geneFeatures(genes, set.gene) },
    ...arcTrack("members", 80, null, arcs(links, gene, false)),
    ...arcTrack("partners", 50, null, arcs(links, gene, true)),
    ...arcTrack("loops", 50, "#007a5a", loops(hits, gene)),
    { name: "peaks", type: "annotation", displayMode: "COLLAPSED", height: 40, features: peakFeatures(around, links) },
    ...opennessTracks(around, types, set.cell_type),
  ]);
  dash(browser, "partners");
  return browser;
}
