# links.tsv of grids as GRanges: read_links(file) a row a link (its peak; the gene among its columns),
# signac_links(links) as Signac's Links<- takes them, archr_loops(links) as ArchR's browser does.
suppressPackageStartupMessages(library(GenomicRanges))

read_links <- function(file) {
  lines <- readLines(file)
  # Only a quote at the beginning of a cell means anything; R would take others for more.
  quote <- if (any(grepl("(^|\t)\"", lines))) "\"" else ""
  table <- read.delim(text = lines, quote = quote, comment.char = "", check.names = FALSE)
  # An apostrophe before what a spreadsheet would take for a formula is not part of the name.
  text <- vapply(table, is.character, TRUE)
  table[text] <- lapply(table[text], sub, pattern = "^'(?=['=+@-])", replacement = "", perl = TRUE)
  # Names that GRanges keeps for itself.
  names(table)[match(c("strand", "element"), names(table))] <- c("gene_strand", "element_place")
  makeGRangesFromDataFrame(table, keep.extra.columns = TRUE, starts.in.df.are.0based = TRUE,
                           ignore.strand = TRUE)
}

# From the middle of the peak to the gene's start, both on one chromosome.
arcs_of <- function(links) {
  links <- links[!is.na(links$tss) & as.character(seqnames(links)) == links$gene_chrom]
  middle <- floor((start(links) + end(links)) / 2)
  ranges(links) <- IRanges(pmin(middle, links$tss + 1), pmax(middle, links$tss + 1))
  links
}

signac_links <- function(links, name = function(peak) sub("[:_]", "-", peak)) {
  arcs <- arcs_of(links)
  mcols(arcs) <- DataFrame(score = arcs$relative_change, gene = arcs$gene, peak = name(arcs$peak))
  arcs
}

archr_loops <- function(links) {
  arcs <- arcs_of(links)
  mcols(arcs) <- DataFrame(value = abs(arcs$relative_change))
  S4Vectors::SimpleList(grids = arcs)
}
