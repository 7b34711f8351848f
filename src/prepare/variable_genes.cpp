#include "prepare/variable_genes.hpp"

#include <algorithm>
#include <cmath>

namespace grids::core {

void VariableGeneOptions::describe(OptionSet& set) {
  set.value("--variable-genes", variable_genes, "Genes to keep, the most variable", at_least(1));
  set.inner("loess-span", loess_span, above(0).at_most(1));
  set.value("--min-gene-cells", min_gene_cells,
            "A gene is seen in at least this many training cells", at_least(0));
}

GeneVariability measure_variability(const PackedRows& rna, std::span<const int32_t> cells,
                                    double loess_span) {
  const auto genes = static_cast<size_t>(rna.columns());
  const auto n = static_cast<double>(cells.size());
  GeneVariability result;
  result.mean.assign(genes, 0.0);
  result.variance.assign(genes, 0.0);
  result.standardised.assign(genes, 0.0);
  result.cells.assign(genes, 0);
  if (cells.size() < 2) return result;
  const auto visit = [&](auto&& take) {
    for (const int32_t cell : cells) {
      rna.each(cell, [&](int32_t gene, float value) {
        if (value > 0) take(static_cast<size_t>(gene), static_cast<double>(value));
      });
    }
  };
  visit([&](size_t j, double value) {
    result.mean[j] += value;
    ++result.cells[j];
  });
  for (auto& mean : result.mean) mean /= n;
  visit([&](size_t j, double value) {
    result.variance[j] += (value - result.mean[j]) * (value - result.mean[j]);
  });
  std::vector<double> x;
  std::vector<double> y;
  std::vector<size_t> varying;
  for (size_t j = 0; j < genes; ++j) {
    const double zeros = n - static_cast<double>(result.cells[j]);
    result.variance[j] = (result.variance[j] + zeros * result.mean[j] * result.mean[j]) / (n - 1);
    // A constant gene's variance is not exactly 0 in floating point.
    if (result.variance[j] <= 1e-12 * result.mean[j] * result.mean[j]) continue;
    varying.push_back(j);
    x.push_back(std::log10(result.mean[j]));
    y.push_back(std::log10(result.variance[j]));
  }
  const auto fitted = loess(x, y, loess_span);
  std::vector<double> spread(genes, 1.0);
  for (size_t k = 0; k < varying.size(); ++k) {
    spread[varying[k]] = std::sqrt(std::pow(10.0, fitted[k]));
  }

  // Σ (clipped − mean)² / spread² over all cells, zeros included (they are never clipped).
  const double reach = std::sqrt(n);
  std::vector<double> square(genes, 0.0);
  visit([&](size_t j, double value) {
    const double z = std::min((value - result.mean[j]) / spread[j], reach);
    square[j] += z * z;
  });
  for (const size_t j : varying) {
    const double zeros = n - static_cast<double>(result.cells[j]);
    const double z = result.mean[j] / spread[j];
    result.standardised[j] = (square[j] + zeros * z * z) / (n - 1);
  }
  return result;
}

std::vector<int32_t> choose_genes(const GeneVariability& variability,
                                  std::span<const int32_t> always,
                                  const VariableGeneOptions& options) {
  std::vector<bool> taken(variability.mean.size(), false);
  std::vector<int32_t> result(always.begin(), always.end());
  for (const int32_t gene : always) taken[static_cast<size_t>(gene)] = true;
  std::vector<int32_t> others;
  for (size_t j = 0; j < taken.size(); ++j) {
    if (!taken[j] && variability.cells[j] >= options.min_gene_cells) {
      others.push_back(static_cast<int32_t>(j));
    }
  }
  std::stable_sort(others.begin(), others.end(), [&](int32_t a, int32_t b) {
    return variability.standardised[static_cast<size_t>(a)] >
           variability.standardised[static_cast<size_t>(b)];
  });
  for (const int32_t gene : others) {
    if (static_cast<int64_t>(result.size()) >= options.variable_genes) break;
    result.push_back(gene);
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace grids::core
