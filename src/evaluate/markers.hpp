/// Which genes to explain in which cell type.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evaluate/gene_predictor.hpp"
#include "io/columns.hpp"
#include "study/study.hpp"

namespace grids::core {

/// A gene to explain in a type.
struct Marker {
  int32_t type = 0;
  int32_t gene = 0;
  bool operator==(const Marker&) const = default;
};

struct MarkerOptions {
  /// Markers for each type; fewer when fewer qualify.
  int64_t per_type = 5;
  /// Genes that are chosen only where others do not fill a type (1), one a gene; empty = none.
  std::vector<uint8_t> avoided = {};
};

struct MarkerChoice {
  std::vector<Marker> markers;  ///< by type, the largest difference first, avoided genes last
  /// False when there were no validation cells, so that no gene could be tested against its mean.
  bool gated = true;
};

/// For each type the genes with the largest difference between their mean on the expression scale
/// (log1p of counts per 100,000) in the type and in all other cells, over training cells; only
/// positive differences, ties to the gene that comes first; avoided genes behind all others. Genes
/// that `predicted` (of the validation cells) does not predict better than their training mean
/// does, in squared error over these cells, are left out: a set of peaks for them would explain
/// nothing. Without validation cells it is not asked.
MarkerChoice choose_markers(const Study& study, std::span<const int32_t> validation,
                            const GenePredictor& predicted, const MarkerOptions& options);

/// A line of the user's own list.
struct MarkerRequest {
  /// A type, `each` for every type, or empty for the type in which the gene's mean is highest.
  std::string cell_type;
  std::string gene;  ///< symbol or Ensembl id
};

/// In the order of the list, each pair once. Throws Error(kInput) that lists every name that the
/// study does not have.
std::vector<Marker> find_markers(const Study& study, std::span<const MarkerRequest> requests);

/// Each gene once, in the order of the markers.
std::vector<int32_t> genes_of_markers(std::span<const Marker> markers);

/// A marker as markers.tsv spells it.
struct MarkerName {
  std::string cell_type;
  std::string gene;
};

std::vector<MarkerName> marker_names(const Study& study, std::span<const Marker> markers);
Columns<MarkerName> marker_columns();

}  // namespace grids::core
