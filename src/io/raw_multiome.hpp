/// What readers return and `prepare` takes: both modalities as the files hold them, nothing
/// matched, filtered or ordered yet.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "io/coded_column.hpp"
#include "math/packed_rows.hpp"
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

/// One kind of features, with any form of matrix.
template <typename Matrix>
struct ModalityOf {
  std::string source;  ///< file and place, for messages: "pbmc.h5ad: X"
  Frame obs;           ///< cells; the index holds barcodes
  Frame var;           ///< features; the index holds peak or gene names
  Matrix values;       ///< cells × features
  /// What was passed over for this matrix: "X is null"; empty where nothing was.
  std::string why = {};
  Embeddings obsm = {};  ///< a row for each of `obs`

  ModalityOf() = default;
  /// The same with the matrix in the other form; stored zeros are left out.
  template <typename Other>
  requires(!std::same_as<Other, Matrix>) ModalityOf(ModalityOf<Other> other)
      : source(std::move(other.source)),
        obs(std::move(other.obs)),
        var(std::move(other.var)),
        values(other.values),
        why(std::move(other.why)),
        obsm(std::move(other.obsm)) {}
};

/// An experiment, likewise.
template <typename Matrix>
struct MultiomeOf {
  ModalityOf<Matrix> rna;
  ModalityOf<Matrix> atac;
  Frame obs;  ///< annotations of the whole (MuData's own obs); empty index when there are none
  Embeddings obsm = {};  ///< of the whole, a row for each of `obs`

  MultiomeOf() = default;
  template <typename Other>
  requires(!std::same_as<Other, Matrix>) MultiomeOf(MultiomeOf<Other> other)
      : rna(std::move(other.rna)),
        atac(std::move(other.atac)),
        obs(std::move(other.obs)),
        obsm(std::move(other.obsm)) {}
};

/// Made in memory, and for who looks at single values.
using RawModality = ModalityOf<CsrMatrix>;
using RawMultiome = MultiomeOf<CsrMatrix>;

/// What readers return and `prepare` chooses from: most of the memory that it needs.
using PackedModality = ModalityOf<PackedRows>;
using PackedMultiome = MultiomeOf<PackedRows>;

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
