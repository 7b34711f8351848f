"""Objects that R saved, made by R: Seurat's of version 4 and 5 (their slots, not their packages)."""

import subprocess

import layouts

_CLASSES = r"""
library(Matrix)
read <- function(name) {
  m <- as(readMM(paste0(name, ".mtx")), "CsparseMatrix")
  dimnames(m) <- list(readLines(paste0(name, ".names")), readLines("cells")); m
}
rna <- read("rna"); atac <- read("atac")
invisible(file.remove(c("rna.mtx", "atac.mtx")))
d <- data.frame(cell_type = readLines("types"), row.names = colnames(rna))
invisible(setClass("Assay", slots = c(counts = "ANY", data = "ANY")))
invisible(setClass("LogMap", contains = "matrix"))
invisible(setClass("Assay5", slots = c(layers = "list", cells = "LogMap", features = "LogMap")))
invisible(setClass("Seurat", slots = c(assays = "list", meta.data = "data.frame")))
map <- function(names) new("LogMap", matrix(TRUE, length(names), 1, dimnames = list(names, "counts")))
four <- function(m) new("Assay", counts = m, data = m)
five <- function(m) {
  bare <- m; dimnames(bare) <- list(NULL, NULL)
  new("Assay5", layers = list(counts = bare), cells = map(colnames(m)), features = map(rownames(m)))
}
object <- function(rna, atac) new("Seurat", assays = list(RNA = rna, ATAC = atac), meta.data = d)
"""


def _made(save, given):
    def make(folder):
        layouts.market(folder / "rna.mtx", layouts.RNA)
        layouts.market(folder / "atac.mtx", layouts.ATAC)
        layouts.write(folder / "rna.names", layouts.SYMBOLS)
        layouts.write(folder / "atac.names", [name.replace(":", "-") for name in layouts.PEAK_NAMES])
        layouts.write(folder / "cells", layouts.BARCODES)
        layouts.write(folder / "types", layouts.TYPES)
        (folder / "make.R").write_text(_CLASSES + save)
        subprocess.run(["Rscript", "make.R"], cwd=folder, check=True, capture_output=True, timeout=120)
        return given

    return make


OBJECTS = {
    "a Seurat object of version 4": _made('saveRDS(object(four(rna), four(atac)), "a.rds")', ["a.rds"]),
    "one of version 5, with a ChromatinAssay": _made('saveRDS(object(five(rna), four(atac)), "b.rds")', ["b.rds"]),
    "R's own compression off": _made('saveRDS(object(five(rna), five(atac)), "c.rds", compress = FALSE)', ["c.rds"]),
    "an .RData": _made('x <- object(four(rna), four(atac)); save(x, file = "d.RData")', ["d.RData"]),
}
