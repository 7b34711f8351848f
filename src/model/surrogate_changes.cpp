// SurrogateState::summed_changes: what masking each single feature would change, added up over
// cells while a block of the tail's rows is still in cache; rows × outputs are never kept.
#include <algorithm>
#include <vector>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/simd.hpp"
#include "model/surrogate_state.hpp"

namespace grids::core {
namespace {

/// Rows that one thread works on at least: few blocks are then padded.
constexpr int64_t kUnitRows = 1024;
/// A batch ends after so many rows or sums: bounds the memory and the time between two looks at
/// whether the user wants to stop.
constexpr int64_t kBatchRows = 1 << 16;
constexpr int64_t kBatchSums = 1 << 23;

GRIDS_CLONES void add_change(int64_t count, const double* before, const double* after,
                             double* sums) {
  for (int64_t i = 0; i < count; ++i) sums[i] += after[i] - before[i];
}

}  // namespace

/// A feature belongs to one thread, which adds up its rows in order: so its sums depend on no other
/// feature. Threads share features in units of about equally many rows.
class ChangeSums {
 public:
  ChangeSums(const SurrogateState& state, const Measure& measure)
      : state_(state), measure_(measure) {}

  void run(std::span<const Feature> features, const ChangeSink& sink) {
    for (const Feature feature : features) state_.require_possible({kNoFeature, feature});
    size_t first = 0;
    while (first < features.size()) {
      const auto bounds = units_of_batch(features.subspan(first));
      const auto batch = features.subspan(first, at(bounds.back()));
      sums_.assign(batch.size() * at(measure_.size()), 0.0);
      touched_.assign(batch.size(), 0);
      const auto units = static_cast<int64_t>(bounds.size()) - 1;
      state_.model_.pool().for_each(
          units, [&](int64_t unit) { sum(batch, bounds[at(unit)], bounds[at(unit + 1)]); });
      for (size_t i = 0; i < batch.size(); ++i) {
        sink(first + i, touched_[i],
             std::span(sums_).subspan(i * at(measure_.size()), at(measure_.size())));
      }
      first += batch.size();
    }
  }

 private:
  /// A row that waits for the tail.
  struct Row {
    int64_t feature = 0;  ///< in the batch
    int64_t position = 0;
  };

  int64_t width() const { return state_.layer_.size(); }

  /// Rows that a feature may touch.
  int64_t most_rows(Feature feature) const {
    if (state_.model_.replacement(feature) != 0) return state_.cell_count();
    return static_cast<int64_t>(state_.model_.cells_of_peaks().row(feature).size());
  }

  /// The bounds of the units of the next batch: unit u is features [bounds[u], bounds[u + 1]).
  std::vector<int64_t> units_of_batch(std::span<const Feature> features) const {
    std::vector<int64_t> bounds = {0};
    const int64_t limit = std::max<int64_t>(1, kBatchSums / std::max<int64_t>(1, measure_.size()));
    int64_t rows = 0;
    int64_t unit_rows = 0;
    int64_t i = 0;
    while (i < static_cast<int64_t>(features.size()) && rows < kBatchRows && i < limit) {
      const int64_t more = most_rows(features[at(i)]);
      rows += more;
      unit_rows += more;
      ++i;
      if (unit_rows >= kUnitRows) {
        bounds.push_back(i);
        unit_rows = 0;
      }
    }
    if (bounds.back() < i) bounds.push_back(i);
    return bounds;
  }

  /// The sums of features [begin, end) of the batch, on one thread.
  void sum(std::span<const Feature> batch, int64_t begin, int64_t end) {
    const AtacEncoder& encoder = state_.encoder();
    const int64_t latents = encoder.latent();
    std::vector<float> chromosome_sum(at(encoder.sum_stride()));
    std::vector<float> contribution(at(encoder.latent_stride()));
    std::vector<const float*> scratch;
    std::vector<float> in(at(kTailRows * latents), 0.0f);
    std::vector<float> out(at(kTailRows * width()));
    // The measure of the outputs before is taken anew for each row: that costs less than a few per
    // cent of the tail, and keeping it would take more memory than everything else.
    std::vector<double> before(at(measure_.size()));
    std::vector<double> after(at(measure_.size()));
    std::vector<Row> rows;
    SurrogateState::CisRows fixed(state_);
    const auto flush = [&] {
      state_.predict(in.data(), fixed.rows(), 1, out.data());
      for (size_t i = 0; i < rows.size(); ++i) {
        measure_cells(
            measure_,
            std::span(state_.outputs_).subspan(at(rows[i].position * width()), at(width())),
            before);
        measure_cells(measure_, std::span(out).subspan(i * at(width()), at(width())), after);
        add_change(measure_.size(), before.data(), after.data(),
                   sums_.data() + rows[i].feature * measure_.size());
      }
      rows.clear();
      fixed.clear();
    };
    for (int64_t f = begin; f < end; ++f) {
      const auto change = state_.plan({kNoFeature, batch[at(f)]});
      const auto positions = state_.touched(batch[at(f)], change.in_open);
      touched_[at(f)] = static_cast<int64_t>(positions.size());
      for (const int32_t position : positions) {
        state_.masked_sum(change.masks.front(), position, chromosome_sum.data());
        encoder.contribution(change.masks.front().chromosome, chromosome_sum.data(),
                             contribution.data());
        const SurrogateState::Replaced replaced{change.masks.front().chromosome,
                                                contribution.data()};
        state_.latent(position, {&replaced, 1}, scratch,
                      in.data() + static_cast<int64_t>(rows.size()) * latents);
        fixed.add(position, change.cis);
        rows.push_back({f, position});
        if (static_cast<int64_t>(rows.size()) == kTailRows) flush();
      }
    }
    if (!rows.empty()) flush();
  }

  const SurrogateState& state_;
  const Measure& measure_;
  std::vector<double> sums_;      ///< features of the batch × measure
  std::vector<int64_t> touched_;  ///< features of the batch
};

void SurrogateState::summed_changes(std::span<const Feature> features, const Measure& measure,
                                    const ChangeSink& sink) const {
  ChangeSums(*this, measure).run(features, sink);
}

}  // namespace grids::core
