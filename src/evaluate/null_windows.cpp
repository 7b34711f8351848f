#include "evaluate/null_windows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "math/information.hpp"
#include "math/negative_binomial.hpp"

namespace grids::core {
namespace {

/// Where windows of `size` peaks can start: a range of first peaks for each other chromosome.
struct Places {
  std::vector<std::pair<int64_t, int64_t>> ranges;
  int64_t count = 0;

  int64_t first_peak(int64_t place) const {
    for (const auto& [begin, end] : ranges) {
      if (place < end - begin) return begin + place;
      place -= end - begin;
    }
    return -1;
  }
};

Places places_of(const Study& study, int32_t gene, int64_t size) {
  Places places;
  const auto& peaks = study.peaks;
  for (size_t c = 0; c < peaks.chromosomes.size(); ++c) {
    if (peaks.chromosomes[c] == study.genes.chromosome[at(gene)]) continue;
    const int64_t begin = peaks.chromosome_offsets[c];
    const int64_t end = peaks.chromosome_offsets[c + 1] - size + 1;
    if (begin >= end) continue;
    places.ranges.emplace_back(begin, end);
    places.count += end - begin;
  }
  return places;
}

std::vector<double> fit_counts(const CountRows& rows, const std::vector<double>& ridge,
                               bool& converged) {
  NegativeBinomialOptions options;
  options.ridge = ridge;
  auto fit = fit_negative_binomial(rows, options);
  converged = fit.converged;
  return std::move(fit.coefficients);
}

/// Ridge regression.
std::vector<double> fit_values(const CountRows& rows, const std::vector<double>& ridge) {
  auto products = weighted_products(rows.columns, std::vector<double>(rows.rows(), 1.0));
  for (size_t j = 0; j < ridge.size(); ++j) products[j * ridge.size() + j] += ridge[j];
  auto coefficients = column_products(rows.columns, rows.counts);
  CholeskyFactor(std::move(products)).solve(coefficients);
  return coefficients;
}

}  // namespace

std::vector<int32_t> draw_null_window(const Study& study, int32_t gene,
                                      std::span<const int32_t> peaks,
                                      std::span<const int64_t> open_cells,
                                      const NullWindowOptions& options, RandomStream& random) {
  if (!study.genes.has_position(gene)) {
    throw input_error("null windows: {} has no position; give gene positions with --genes",
                      study.genes.names[at(gene)]);
  }
  const auto size = static_cast<int64_t>(peaks.size());
  const Places places = places_of(study, gene, size);
  if (places.count == 0) {
    throw input_error("null windows: no chromosome other than that of {} has {} peaks",
                      study.genes.names[at(gene)], size);
  }
  const auto openness = [&](auto&& peak_at) {
    double sum = 0;
    for (int64_t k = 0; k < size; ++k) sum += static_cast<double>(open_cells[at(peak_at(k))]);
    return std::log1p(sum);
  };
  const double wanted = openness([&](int64_t k) { return peaks[at(k)]; });
  int64_t best = -1;
  double best_distance = std::numeric_limits<double>::infinity();
  for (int64_t i = 0; i < options.places; ++i) {
    const int64_t first = places.first_peak(random.below(static_cast<uint32_t>(places.count)));
    const double distance = std::abs(openness([&](int64_t k) { return first + k; }) - wanted);
    if (distance < best_distance) {
      best_distance = distance;
      best = first;
    }
  }
  std::vector<int32_t> window;
  for (int64_t k = 0; k < size; ++k) window.push_back(static_cast<int32_t>(best + k));
  return window;
}

WindowWeights fit_window(const Study& study, int32_t gene, std::span<const int32_t> peaks,
                         const ContrastCells& cells, const NullWindowOptions& options) {
  WindowWeights result;
  result.peaks.assign(peaks.begin(), peaks.end());
  std::sort(result.peaks.begin(), result.peaks.end());
  const auto measured = measured_values(study, gene, cells);
  std::vector<std::vector<double>> columns = cells.columns;
  for (const int32_t peak : result.peaks) {
    auto& column = columns.emplace_back();
    for (const int32_t cell : cells.cells) {
      column.push_back(study.open.contains(cell, peak) ? 1 : 0);
    }
  }
  std::vector<double> ridge = cells.ridge;
  ridge.resize(columns.size(), 1 / (options.weight_sd * options.weight_sd));
  const CountRows rows{measured, cells.offset, {columns.begin(), columns.end()}};
  const auto coefficients =
      cells.counted ? fit_counts(rows, ridge, result.converged) : fit_values(rows, ridge);
  result.weights.assign(coefficients.begin() + static_cast<std::ptrdiff_t>(cells.columns.size()),
                        coefficients.end());
  return result;
}

std::vector<double> window_change(const Study& study, std::span<const int32_t> cells,
                                  const WindowWeights& window) {
  std::vector<double> change(cells.size(), 0.0);
  for (size_t i = 0; i < cells.size(); ++i) {
    for (size_t k = 0; k < window.peaks.size(); ++k) {
      if (study.open.contains(cells[i], window.peaks[k])) change[i] -= window.weights[k];
    }
  }
  return change;
}

std::vector<Contrast> null_contrasts(const Study& study, const NullTarget& target,
                                     const NullCells& cells, const NullContrastOptions& options,
                                     uint64_t seed) {
  std::vector<int64_t> open_cells(at(study.peaks.size()), 0);
  for (const int32_t cell : cells.train.cells) {
    for (const int32_t peak : study.open.row(cell)) ++open_cells[at(peak)];
  }
  const auto baseline = contrast_baseline(study, target.gene, cells.test, options.contrast);
  std::vector<Contrast> result;
  for (int64_t i = 0; i < options.windows; ++i) {
    RandomStream random(seed, Purpose::kNullWindows, stream_key(study.genes.names[at(target.gene)]),
                        static_cast<uint32_t>(i));
    const auto peaks =
        draw_null_window(study, target.gene, target.peaks, open_cells, options.window, random);
    const auto weights = fit_window(study, target.gene, peaks, cells.train, options.window);
    result.push_back(contrast(cells.test, baseline, window_change(study, cells.test_cells, weights),
                              options.contrast));
  }
  return result;
}

}  // namespace grids::core
