# grids beside R. Its results as GRanges: read_links(file) a row a link (its peak; the gene among its columns),
# signac_links(links) as Signac's Links<- takes them, archr_loops(links) as ArchR's browser does. And a Seurat
# object as what grids reads: write_cells(object, folder).

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
  GenomicRanges::makeGRangesFromDataFrame(table, keep.extra.columns = TRUE, starts.in.df.are.0based = TRUE,
                                          ignore.strand = TRUE)
}

# From the middle of the peak to the gene's start, both on one chromosome.
arcs_of <- function(links) {
  chromosome <- as.character(GenomicRanges::seqnames(links))
  links <- links[!is.na(links$tss) & chromosome == links$gene_chrom]
  middle <- floor((GenomicRanges::start(links) + GenomicRanges::end(links)) / 2)
  GenomicRanges::ranges(links) <- IRanges::IRanges(pmin(middle, links$tss + 1), pmax(middle, links$tss + 1))
  links
}

signac_links <- function(links, name = function(peak) sub("[:_]", "-", peak)) {
  arcs <- arcs_of(links)
  S4Vectors::mcols(arcs) <- S4Vectors::DataFrame(score = arcs$relative_change, gene = arcs$gene, peak = name(arcs$peak))
  arcs
}

archr_loops <- function(links) {
  arcs <- arcs_of(links)
  S4Vectors::mcols(arcs) <- S4Vectors::DataFrame(value = abs(arcs$relative_change))
  S4Vectors::SimpleList(grids = arcs)
}

# Counts of an assay, features x cells, of SeuratObject 4 and 5 (there of all layers that a merge left).
counts_of <- function(object, assay) {
  if (!assay %in% SeuratObject::Assays(object)) {
    stop("the object has no assay '", assay, "', but ", paste(SeuratObject::Assays(object), collapse = ", "), call. = FALSE)
  }
  assay_object <- object[[assay]]
  if (inherits(assay_object, "StdAssay")) {
    layers <- SeuratObject::Layers(assay_object, search = "counts")
    parts <- lapply(layers, function(layer) SeuratObject::LayerData(assay_object, layer = layer))
    features <- rownames(assay_object)
    counts <- do.call(cbind, lapply(parts, function(part) {
      # A layer lists the features that its sample has; the others are zero there.
      whole <- Matrix::sparseMatrix(i = integer(), j = integer(), x = numeric(), dims = c(length(features), ncol(part)),
                                    dimnames = list(features, colnames(part)))
      if (identical(rownames(part), features)) part else { whole[rownames(part), ] <- part; whole }
    }))
  } else {
    counts <- SeuratObject::GetAssayData(object, assay = assay, slot = "counts")
  }
  if (length(counts) == 0) stop("assay '", assay, "' has no counts", call. = FALSE)
  as(as(counts, "dMatrix"), "CsparseMatrix")
}

# Places of peaks by their names (chr1-100-200, chr1:100-200: Signac keeps the numbers of the peaks' file there, which
# are BED's), else by Signac's ranges, which count from 1.
places_of <- function(object, assay, names) {
  parts <- regmatches(names, regexec("^(.+)[-:_]([0-9]+)[-_]([0-9]+)$", names))
  if (all(lengths(parts) == 4)) {
    field <- function(i) vapply(parts, `[`, "", i)
    return(data.frame(chrom = field(2), start = as.numeric(field(3)), end = as.numeric(field(4))))
  }
  if (methods::.hasSlot(object[[assay]], "ranges")) {
    places <- as.data.frame(object[[assay]]@ranges)
    return(data.frame(chrom = as.character(places$seqnames), start = places$start - 1, end = places$end))
  }
  stop("peaks of '", assay, "' are not named as chr1-100-200 is: ", names[lengths(parts) != 4][1], call. = FALSE)
}

write_packed <- function(file, write) {
  packed <- gzfile(file, "w")
  on.exit(close(packed))
  write(packed)
}

# What grids reads: a folder as Cell Ranger writes it (matrix.mtx.gz, features.tsv.gz, barcodes.tsv.gz) of the
# cells that both assays have, and cells.csv with the object's metadata, for
#   grids run FOLDER --labels FOLDER/cells.csv:COLUMN [--donors FOLDER/cells.csv:COLUMN] ...
# ids: Ensembl ids, one a gene, where the object's genes are symbols (grids then finds positions by id, too).
write_cells <- function(object, folder, rna = "RNA", atac = "ATAC", ids = NULL) {
  genes <- counts_of(object, rna)
  peaks <- counts_of(object, atac)
  cells <- intersect(colnames(genes), colnames(peaks))
  if (length(cells) == 0) stop("no cell is in both '", rna, "' and '", atac, "'", call. = FALSE)
  if (is.null(ids)) ids <- rownames(genes)
  if (length(ids) != nrow(genes)) stop(length(ids), " ids for ", nrow(genes), " genes", call. = FALSE)
  if (file.exists(folder)) stop(folder, " exists; give a folder that does not", call. = FALSE)
  places <- places_of(object, atac, rownames(peaks))
  dir.create(folder, recursive = TRUE)
  name <- sprintf("%s:%.0f-%.0f", places$chrom, places$start, places$end)
  features <- rbind(
    data.frame(id = ids, name = rownames(genes), type = "Gene Expression", chrom = "", start = "", end = ""),
    data.frame(id = name, name = name, type = "Peaks", chrom = places$chrom, start = sprintf("%.0f", places$start),
               end = sprintf("%.0f", places$end)))
  write_packed(file.path(folder, "features.tsv.gz"), function(file) {
    write.table(features, file, sep = "\t", quote = FALSE, row.names = FALSE, col.names = FALSE)
  })
  write_packed(file.path(folder, "barcodes.tsv.gz"), function(file) writeLines(cells, file))
  counts <- methods::as(rbind(genes[, cells, drop = FALSE], peaks[, cells, drop = FALSE]), "TsparseMatrix")
  whole <- all(counts@x == round(counts@x))
  write_packed(file.path(folder, "matrix.mtx.gz"), function(file) {
    cat("%%MatrixMarket matrix coordinate ", if (whole) "integer" else "real", " general\n",
        sprintf("%d %d %d\n", nrow(counts), ncol(counts), length(counts@x)), sep = "", file = file)
    # As numbers R would write 100000 as 1e+05.
    values <- if (whole) as.integer(counts@x) else counts@x
    write.table(data.frame(counts@i + 1L, counts@j + 1L, values), file, sep = " ", quote = FALSE, row.names = FALSE,
                col.names = FALSE)
  })
  write.csv(data.frame(barcode = cells, object[[]][cells, , drop = FALSE], check.names = FALSE),
            file.path(folder, "cells.csv"), row.names = FALSE)
  invisible(folder)
}
