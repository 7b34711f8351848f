#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "checks.hpp"

namespace grids::core::bench {
namespace {

/// The change of a pair by masking the peak and predicting again: `predict` returns the gene's
/// clamped predictions for some positions with some peaks masked. In cells where the peak is closed
/// nothing is masked and nothing changes.
template <typename Predict>
double masked_change(const CheckBench& bench, const KnockoutPair& pair, const Predict& predict) {
  const auto open = bench.model.cells_of_peaks().row(pair.peak);
  const std::vector<float> before = predict(open, std::span<const Feature>());
  const std::vector<float> after = predict(open, std::span(&pair.peak, 1));
  double change = 0;
  for (size_t i = 0; i < before.size(); ++i) change += double{after[i]} - double{before[i]};
  return change / static_cast<double>(bench.cells.cells.size());
}

/// From the open peaks again, by the whole pass that `grids predict` makes.
double predicted_again(const CheckBench& bench, const KnockoutPair& pair) {
  const OutputLayer layer = bench.cells.surrogate.output_layer(std::span(&pair.gene, 1));
  return masked_change(
      bench, pair, [&](std::span<const int32_t> rows, std::span<const Feature> masked) {
        const CsrPattern open = close_peaks(select_rows(bench.model.open(), rows), masked);
        return bench.cells.surrogate.predict(bench.context.pool, open, layer);
      });
}

double predicted_densely(const CheckBench& bench, const KnockoutPair& pair) {
  return masked_change(
      bench, pair, [&](std::span<const int32_t> rows, std::span<const Feature> masked) {
        const auto all = bench.dense.predict(study_cells(bench.cells, rows), masked);
        std::vector<float> result;
        for (size_t row = 0; row < rows.size(); ++row) {
          const float output = all[row * at(bench.model.shape().outputs) + at(pair.gene)];
          result.push_back(std::max(0.0f, output));
        }
        return result;
      });
}

}  // namespace

std::vector<KnockoutPair> draw_pairs(const SurrogateModel& model, int64_t count, uint64_t seed) {
  RandomStream random(seed, Purpose::kBenchmark, 0, 4);
  const auto shape = model.shape();
  std::vector<KnockoutPair> pairs;
  while (std::ssize(pairs) < count) {
    const auto peak = static_cast<Feature>(random.below(static_cast<uint32_t>(shape.features)));
    const auto gene = static_cast<int32_t>(random.below(static_cast<uint32_t>(shape.outputs)));
    if (!model.cells_of_peaks().row(peak).empty()) pairs.push_back({peak, gene});
  }
  return pairs;
}

std::vector<double> knockout_changes(const SurrogateModel& model,
                                     std::span<const KnockoutPair> pairs) {
  const auto state = model.begin({}, all_cells(model), all_genes(model));
  std::vector<Feature> peaks;
  for (const KnockoutPair& pair : pairs) peaks.push_back(pair.peak);
  std::vector<double> result(pairs.size());
  state->summed_changes(peaks, {MeasureKind::kClamped, model.shape().outputs, {}},
                        [&](size_t i, int64_t, std::span<const double> changes) {
                          result[i] =
                              changes[at(pairs[i].gene)] / static_cast<double>(model.shape().cells);
                        });
  return result;
}

void check_knockout(const CheckBench& bench) {
  const auto pairs = draw_pairs(bench.model, bench.sizes.check_pairs, bench.context.seed);
  const auto fast = knockout_changes(bench.model, pairs);
  const auto unmasked = bench.model.begin({}, all_cells(bench.model), all_genes(bench.model));
  const double scale = largest(unmasked->outputs());
  double again = 0, densely = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    again = std::max(again, std::abs(fast[i] - predicted_again(bench, pairs[i])) / scale);
    if (static_cast<int64_t>(i) >= bench.sizes.dense_pairs) continue;
    densely = std::max(densely, std::abs(fast[i] - predicted_densely(bench, pairs[i])) / scale);
  }
  bench.list.expect(fmt::format("{} single knock-outs against masking and predicting again, share "
                                "of the largest prediction",
                                pairs.size()),
                    again);
  bench.list.expect(fmt::format("{} of them against the dense formulation",
                                std::min(bench.sizes.dense_pairs, bench.sizes.check_pairs)),
                    densely);
  bench.figures.add({"max_error",
                     std::max(again, densely),
                     "",
                     {},
                     "knock-out against masking and predicting again, share of the largest "
                     "prediction"});
}

}  // namespace grids::core::bench
