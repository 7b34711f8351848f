/// Genes that vary more between cells than genes of their mean usually do.
///
/// The rule of Seurat v3 (Stuart et al. 2019): fit log10 variance on log10 mean by local quadratic
/// regression, standardise each gene by the fitted spread, clip at √cells, rank by the variance of
/// that. It is meant for raw counts; on RNA that came normalised it is applied to the values as
/// they are, which likewise takes the trend of variance with mean away.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/described.hpp"
#include "math/packed_rows.hpp"

namespace grids::core {

struct VariableGeneOptions {
  int64_t variable_genes = 3000;  ///< genes wanted; all are kept where there are no more
  /// Share of the genes in each local fit; larger is smoother.
  double loess_span = 0.3;
  /// Genes seen in fewer training cells are dropped (the user's own genes never are).
  int64_t min_gene_cells = 3;

  void describe(OptionSet& set);
};

struct GeneVariability {
  std::vector<double> mean;
  std::vector<double> variance;  ///< n − 1
  std::vector<int64_t> cells;    ///< in which the gene is above zero
  std::vector<double>
      standardised;  ///< variance of the standardised, clipped values; 0 if constant
};

/// Over the given cells (rows of `rna`).
GeneVariability measure_variability(const PackedRows& rna, std::span<const int32_t> cells,
                                    double loess_span);

/// The genes to use, ascending: those of `always`, then the most variable up to
/// `options.variable_genes` in all; ties go to the earlier gene.
std::vector<int32_t> choose_genes(const GeneVariability& variability,
                                  std::span<const int32_t> always,
                                  const VariableGeneOptions& options);

/// Local quadratic regression (Cleveland & Devlin 1988, tricube weights, the nearest `span` of the
/// points), fitted at up to 1,000 of the distinct x and between them by cubic Hermite
/// interpolation. Returns the fitted value at each x.
std::vector<double> loess(std::span<const double> x, std::span<const double> y, double span);

}  // namespace grids::core
