#include "evaluate/type_means.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "evaluate/gene_predictor.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

/// Pearson's correlation; NaN where a side does not vary.
double plain_correlation(std::span<const double> x, std::span<const double> y) {
  const auto count = static_cast<double>(x.size());
  double mean_x = 0, mean_y = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / count;
    mean_y += y[i] / count;
  }
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : kNaN;
}

/// 1 − squared error ÷ squared error of the measured values' own mean.
double explained_share(std::span<const double> measured, std::span<const double> predicted) {
  double mean = 0;
  for (const double value : measured) mean += value / static_cast<double>(measured.size());
  double error = 0, total = 0;
  for (size_t i = 0; i < measured.size(); ++i) {
    error += (measured[i] - predicted[i]) * (measured[i] - predicted[i]);
    total += (measured[i] - mean) * (measured[i] - mean);
  }
  return total > 0 ? 1 - error / total : kNaN;
}

/// For each type its place among those that have cells in both lists; −1: it is not one of them.
std::vector<int32_t> kept_places(const std::vector<int32_t>& types, size_t type_count) {
  std::vector<int32_t> place(type_count, -1);
  for (size_t i = 0; i < types.size(); ++i) place[at(types[i])] = static_cast<int32_t>(i);
  return place;
}

std::vector<int64_t> cells_by_type(const Study& study, std::span<const int32_t> cells) {
  std::vector<int64_t> count(study.cells.type.names.size());
  for (const int32_t cell : cells) ++count[at(study.cells.type.codes[at(cell)])];
  return count;
}

/// Measured expression of the cells of each kept type: types × genes.
std::vector<double> measured_means(const Study& study, std::span<const int32_t> cells,
                                   std::span<const int32_t> place, std::span<const int64_t> count,
                                   size_t types) {
  const auto genes = at(study.genes.size());
  std::vector<double> means(types * genes);
  for (const int32_t cell : cells) {
    const auto type = at(study.cells.type.codes[at(cell)]);
    if (place[type] < 0) continue;
    const auto indices = study.expression.row_indices(cell);
    const auto values = study.expression.row_values(cell);
    for (size_t i = 0; i < indices.size(); ++i) {
      means[at(place[type]) * genes + at(indices[i])] +=
          values[i] / static_cast<double>(count[type]);
    }
  }
  return means;
}

std::vector<double> predicted_means(const Study& study, std::span<const int32_t> cells,
                                    std::span<const int32_t> place, std::span<const int64_t> count,
                                    size_t types, const FoldedSurrogate& surrogate,
                                    const Context& context) {
  const auto genes = at(study.genes.size());
  std::vector<double> means(types * genes);
  const auto latents = surrogate.atac_latents(context.pool, select_rows(study.open, cells));
  for_runs_of_genes(study.genes.size(), [&](int64_t first, int64_t last) {
    context.check_cancelled();
    std::vector<int32_t> run;
    for (int64_t gene = first; gene < last; ++gene) run.push_back(static_cast<int32_t>(gene));
    const auto predicted = surrogate.predict(context.pool, latents, surrogate.output_layer(run));
    for (size_t i = 0; i < cells.size(); ++i) {
      const auto type = at(study.cells.type.codes[at(cells[i])]);
      if (place[type] < 0) continue;
      for (size_t g = 0; g < run.size(); ++g) {
        means[at(place[type]) * genes + at(first) + g] +=
            predicted[i * run.size() + g] / static_cast<double>(count[type]);
      }
    }
  });
  return means;
}

/// Each gene's mean over types taken out: types × genes.
std::vector<double> differences(std::span<const double> means, size_t types) {
  std::vector<double> result(means.begin(), means.end());
  const size_t genes = means.size() / types;
  for (size_t gene = 0; gene < genes; ++gene) {
    double mean = 0;
    for (size_t type = 0; type < types; ++type) {
      mean += means[type * genes + gene] / static_cast<double>(types);
    }
    for (size_t type = 0; type < types; ++type) result[type * genes + gene] -= mean;
  }
  return result;
}

}  // namespace

TypeMeans type_means(const UnpairedStudy& study, std::span<const int32_t> atac_cells,
                     std::span<const int32_t> rna_cells, const FoldedSurrogate& surrogate,
                     const Context& context) {
  const auto of_atac = cells_by_type(study.atac, atac_cells);
  const auto of_rna = cells_by_type(study.rna, rna_cells);
  TypeMeans result;
  for (size_t type = 0; type < of_atac.size(); ++type) {
    if (of_atac[type] == 0 || of_rna[type] == 0) continue;
    result.types.push_back(static_cast<int32_t>(type));
    result.cells.push_back(of_atac[type] + of_rna[type]);
  }
  const size_t types = result.types.size();
  const auto place = kept_places(result.types, of_atac.size());
  result.measured = measured_means(study.rna, rna_cells, place, of_rna, types);
  result.predicted =
      predicted_means(study.atac, atac_cells, place, of_atac, types, surrogate, context);
  const auto training = study.rna.cells_of(Split::kTrain);
  result.training_means.resize(at(study.rna.genes.size()));
  for (const int32_t cell : training) {
    const auto indices = study.rna.expression.row_indices(cell);
    const auto values = study.rna.expression.row_values(cell);
    for (size_t i = 0; i < indices.size(); ++i) {
      result.training_means[at(indices[i])] += values[i] / static_cast<double>(training.size());
    }
  }
  return result;
}

std::vector<AlignmentRow> judge_type_means(const TypeMeans& means,
                                           std::span<const std::string> type_names) {
  std::vector<AlignmentRow> rows;
  const size_t types = means.types.size();
  if (types == 0) return rows;
  const size_t genes = means.training_means.size();
  const auto measured_by = differences(means.measured, types);
  const auto predicted_by = differences(means.predicted, types);
  std::vector<double> repeated;
  for (size_t type = 0; type < types; ++type) {
    repeated.insert(repeated.end(), means.training_means.begin(), means.training_means.end());
  }
  const auto add = [&](const std::string& name, int64_t cells, size_t first, size_t count) {
    const auto part = [&](const std::vector<double>& values) {
      return std::span(values).subspan(first * genes, count * genes);
    };
    const auto push = [&](const char* measure, double value, double chance) {
      rows.push_back({"expression", measure, kBothWord, name, cells, value, kNaN, chance});
    };
    push(measure::kTypeMeansR, plain_correlation(part(means.measured), part(means.predicted)),
         plain_correlation(part(means.measured), part(repeated)));
    push(measure::kTypeMeansR2, explained_share(part(means.measured), part(means.predicted)),
         explained_share(part(means.measured), part(repeated)));
    if (types > 1) {
      push(measure::kTypeDifferencesR, plain_correlation(part(measured_by), part(predicted_by)), 0);
    }
  };
  int64_t cells = 0;
  for (const int64_t of_type : means.cells) cells += of_type;
  add(kAllTypes, cells, 0, types);
  for (size_t type = 0; type < types; ++type) {
    add(type_names[at(means.types[type])], means.cells[type], type, 1);
  }
  return rows;
}

std::vector<MarkerMean> means_of_genes(const TypeMeans& means, std::span<const int32_t> genes) {
  std::vector<MarkerMean> result;
  const size_t width = means.training_means.size();
  for (size_t type = 0; type < means.types.size(); ++type) {
    for (const int32_t gene : genes) {
      const size_t i = type * width + at(gene);
      result.push_back({means.types[type], gene, means.measured[i], means.predicted[i]});
    }
  }
  return result;
}

}  // namespace grids::core
