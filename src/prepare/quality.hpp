/// Which cells are good enough to learn from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/described.hpp"
#include "io/raw_multiome.hpp"
#include "prepare/normalise.hpp"

namespace grids::core {

/// Thresholds of quality control. The defaults only take out what is all but empty, so that small
/// panels and shallow assays pass; raise them for deep 10x data. Each is also the name of a flag
/// (`min_peaks` is --min-peaks).
struct QualityOptions {
  double min_rna_counts = 50;    ///< counts of a cell over all genes; ignored without counts
  double max_rna_counts = 0;     ///< the same from above (doublets); 0 = no limit
  double min_genes = 20;         ///< genes seen in a cell
  double min_peaks = 10;         ///< open peaks of a cell
  double max_peaks = 0;          ///< the same from above (doublets); 0 = no limit
  double max_mito_share = 0.25;  ///< share of mitochondrial genes (MT-…) in a cell's counts;
                                 ///< ignored without counts or where there are no such genes

  void describe(OptionSet& set);
};

/// One number a cell for everything that a threshold may ask for. Of cells without RNA there are
/// only `peaks`, of those without chromatin all others.
struct CellQuality {
  std::vector<double> rna_counts;  ///< by `rna_totals`
  std::vector<double> genes;       ///< values above zero
  std::vector<double> mito_share;  ///< 0 when there are no mitochondrial genes
  std::vector<double> peaks;       ///< values above zero
  bool has_counts = false;
  int64_t mito_genes = 0;  ///< mitochondrial genes found by name
};

/// Either list of rows may be empty, where cells were not measured together.
CellQuality measure_quality(const PackedModality& rna, std::span<const int32_t> rna_rows,
                            const PackedModality& atac, std::span<const int32_t> atac_rows,
                            RnaKind kind);

/// A threshold that was applied, and the cells it removed of those that the ones before it had
/// left.
struct QualityStep {
  std::string flag;      ///< "--min-peaks"
  std::string quantity;  ///< "open peaks"
  double threshold = 0;
  int64_t before = 0;
  int64_t after = 0;
};

struct QualityResult {
  std::vector<int32_t> kept;  ///< ascending
  std::vector<QualityStep> steps;
};

/// Throws Error(kInput), with the distribution of what failed and the flag to change, when no cell
/// passes.
QualityResult passing_cells(const CellQuality& quality, const QualityOptions& options);

/// True for mitochondrial genes by symbol: "MT-CO1", "mt-Co1".
bool is_mitochondrial_gene(std::string_view symbol);

}  // namespace grids::core
