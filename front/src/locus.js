// The set on the genome, drawn by igv.js without a network: what it needs is on the page.
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

function arcs(links, gene, partners) {
  return links
    .filter((link) => link.chrom === gene.chrom && link.partner === partners)
    .map((link) => ({
      chr1: link.chrom, start1: link.start, end1: link.end,
      chr2: gene.chrom, start2: gene.tss, end2: gene.tss + 1,
      chr: link.chrom, start: Math.min(link.start, gene.tss), end: Math.max(link.end, gene.tss + 1),
      name: link.peak, score: Math.max(1, 100 * Math.abs(link.weight)), value: Math.abs(link.weight),
    }));
}

function geneFeatures(genes) {
  return genes.map((gene) => ({ chr: gene.chrom, start: gene.start, end: gene.end, name: gene.gene, strand: gene.strand }));
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
      color: member ? (link.minimal ? "#0072b2" : "#7fb8d8") : link ? "#e69f00" : "#c9c9c4",
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

/** Draws into `place`; resolves to igv's browser. */
export async function locus(place, data, set, links, gene) {
  const { from, to } = span(links, gene);
  const around = records(data.tables.loci).filter(
    (row) => row.chrom === gene.chrom && number(row.end) > from && number(row.start) < to);
  const genes = records(data.tables.genes)
    .map((row) => ({ ...row, start: number(row.start), end: number(row.end) }))
    .filter((row) => row.chrom === gene.chrom && row.end > from && row.start < to);
  const types = set.cell_type === "all" ? data.types : [set.cell_type, ...data.types.filter((type) => type !== set.cell_type)];
  return genome(place, { chrom: gene.chrom, from, to }, [
    { name: "genes", type: "annotation", displayMode: "EXPANDED", height: 50, color: "#1c1c1a", features: geneFeatures(genes) },
    { name: "members", type: "interact", format: "bedpe", height: 80, color: "#0072b2", arcOrientation: true, alpha: 0.7, thickness: 2, features: arcs(links, gene, false) },
    ...(links.some((link) => link.partner) ? [{ name: "partners", type: "interact", format: "bedpe", height: 50, color: "#e69f00", arcOrientation: true, thickness: 1, features: arcs(links, gene, true) }] : []),
    { name: "peaks", type: "annotation", displayMode: "COLLAPSED", height: 40, features: peakFeatures(around, links) },
    ...opennessTracks(around, types, set.cell_type),
  ]);
}
