/// What readers return and `prepare` takes: both modalities as the files hold them, nothing
/// matched, filtered or ordered yet.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "io/coded_column.hpp"
#include "math/sparse.hpp"

namespace grids::core {

/// One column of annotations. Missing strings are empty, missing numbers NaN.
struct FrameColumn {
  std::string name;
  std::variant<std::vector<std::string>, std::vector<double>> values;
  ColumnKind kind = ColumnKind::kPlain;
  std::vector<std::string> categories = {};  ///< of kCategory, in their order; else empty
  bool ordered = false;                      ///< whether that order means something

  bool is_text() const { return values.index() == 0; }
  const std::vector<std::string>& text() const { return std::get<0>(values); }
  const std::vector<double>& numbers() const { return std::get<1>(values); }
};

/// A table of annotations, as AnnData's obs and var: a name for each row, and columns.
struct Frame {
  std::vector<std::string> index;
  std::vector<FrameColumn> columns;
  /// Columns of kinds that have no place here: nested tables, dates.
  std::vector<std::string> passed_over = {};

  /// The column of that name, or null.
  const FrameColumn* find(std::string_view name) const;
  int64_t rows() const { return static_cast<int64_t>(index.size()); }
};

struct RawModality {
  std::string source;  ///< file and place, for messages: "pbmc.h5ad: X"
  Frame obs;           ///< cells; the index holds barcodes
  Frame var;           ///< features; the index holds peak or gene names
  CsrMatrix values;    ///< cells × features
  /// What was passed over for this matrix: "X is null"; empty where nothing was.
  std::string why = {};
  Embeddings obsm = {};  ///< a row for each of `obs`
};

struct RawMultiome {
  RawModality rna;
  RawModality atac;
  Frame obs;  ///< annotations of the whole (MuData's own obs); empty index when there are none
  Embeddings obsm = {};  ///< of the whole, a row for each of `obs`
};

/// Where a gene lies: its body, half-open and 0-based; that of all its transcripts where several
/// are known.
struct GenePosition {
  std::string name;  ///< symbol
  std::string id;    ///< Ensembl id, or empty
  std::string chromosome;
  int64_t start = 0;
  int64_t end = 0;
  char strand = '.';
  /// Where its transcripts begin, each once, ascending; empty: where the body begins.
  std::vector<int64_t> sites = {};

  /// Where the body begins: `end` − 1 on the minus strand, else `start`.
  int64_t first_site() const { return strand == '-' ? end - 1 : start; }
};

}  // namespace grids::core
