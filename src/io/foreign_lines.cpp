#include "io/foreign_lines.hpp"

#include <fmt/core.h>

#include <string_view>

namespace grids::core {
namespace {

/// As R and Python spell a text.
std::string quoted(const std::filesystem::path& path) {
  std::string text = "\"";
  for (const char c : path.string()) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

/// What is written out of a file, in the folder where the user works.
std::filesystem::path written(const std::filesystem::path& path) {
  auto name = path.filename();
  if (name.extension() == ".gz") name.replace_extension();
  return name.replace_extension(".h5ad");
}

std::string in_language(std::string_view language, const std::string& lines) {
  return fmt::format("in {}, this writes what grids reads:\n\n{}", language, lines);
}

}  // namespace

std::string lines_for_rds(const std::filesystem::path& path, bool saved_by_name) {
  const auto read = saved_by_name ? fmt::format("get(load({})[1])", quoted(path))
                                  : fmt::format("readRDS({})", quoted(path));
  return in_language("R", fmt::format(R"(    library(Matrix)
    x <- {}
    for (a in if (is(x, "Matrix")) "x" else c("RNA", "ATAC")) {{  # or names(attr(x, "assays"))
      s <- attr(x, "assays")[[a]]
      m <- if (a == "x") x else attr(s, "counts")
      if (is.null(m)) {{  # Seurat 5
        m <- attr(s, "layers")$counts
        dimnames(m) <- list(rownames(attr(s, "features")), rownames(attr(s, "cells")))
      }}
      writeMM(m, paste0(a, ".mtx"))
      writeLines(rownames(m), paste0(a, ".txt"))
      writeLines(colnames(m), paste0(a, "_cells.txt"))
    }}
    d <- attr(x, "meta.data")  # names(d) lists the columns
    if (!is.null(d)) write.csv(data.frame(rownames(d), d$cell_type), "labels.csv", row.names = FALSE)

then: --rna RNA.mtx --rna-names RNA.txt --cells RNA_cells.txt --atac ATAC.mtx --peaks ATAC.txt --atac-cells ATAC_cells.txt)",
                                      read));
}

std::string lines_for_arrow() {
  return in_language("R", R"(    library(ArchR); library(Matrix)
    m <- getMatrixFromProject(loadArchRProject("PROJECT"), "PeakMatrix")  # after addPeakMatrix
    writeMM(SummarizedExperiment::assay(m), "atac.mtx")
    writeLines(sub(".*#", "", colnames(m)), "atac_cells.txt")
    p <- as.data.frame(SummarizedExperiment::rowRanges(m))
    write.table(data.frame(p$seqnames, p$start - 1L, p$end), "peaks.bed", sep = "\t",
                quote = FALSE, row.names = FALSE, col.names = FALSE)

then: --atac atac.mtx --atac-cells atac_cells.txt --peaks peaks.bed, and the RNA by --rna)");
}

std::string lines_for_h5seurat(const std::filesystem::path& path) {
  return in_language("Python", fmt::format(R"(    import anndata, h5py, scipy.sparse
    f = h5py.File({})
    for a in ("RNA", "ATAC"):  # list(f["assays"]) names them
        s, c = f["assays"][a], f["assays"][a]["counts"]
        m = scipy.sparse.csr_matrix((c["data"][:], c["indices"][:], c["indptr"][:]),
                                    shape=c.attrs["dims"][::-1])
        x = anndata.AnnData(m)
        x.obs_names, x.var_names = f["cell.names"].asstr()[:], s["features"].asstr()[:]
        x.write_h5ad(a + ".h5ad")

then: --rna RNA.h5ad --atac ATAC.h5ad; labels are in f["meta.data"])",
                                           quoted(path)));
}

std::string lines_for_loom(const std::filesystem::path& path) {
  return in_language("Python",
                     fmt::format(R"(    import anndata, h5py, scipy.sparse
    f = h5py.File({})
    x = anndata.AnnData(scipy.sparse.csr_matrix(f["matrix"][:].T))
    x.obs_names = f["col_attrs/CellID"].asstr()[:]  # list(f["col_attrs"]) names them
    x.var_names = f["row_attrs/Gene"].asstr()[:]
    x.write_h5ad({})

then: --rna {} (or --atac, where it holds peaks))",
                                 quoted(path), quoted(written(path)), written(path).string()));
}

std::string lines_for_text(const std::filesystem::path& path) {
  return in_language("Python",
                     fmt::format(R"(    import anndata, pandas, scipy.sparse
    t = pandas.read_csv({}, sep=None, engine="python", index_col=0)  # features in rows
    x = anndata.AnnData(scipy.sparse.csr_matrix(t.values.T))
    x.obs_names, x.var_names = t.columns, t.index
    x.write_h5ad({})

then: --rna {} (or --atac, where it holds peaks))",
                                 quoted(path), quoted(written(path)), written(path).string()));
}

}  // namespace grids::core
