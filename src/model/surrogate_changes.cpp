// SurrogateState::summed_changes: what masking each single feature would change, added up over
// cells while a block of the tail's rows is still in cache; rows × outputs are never kept. Clamped
// outputs of many genes are added up before the tail's last layer (clamped_changes.hpp).
#include <algorithm>
#include <optional>
#include <vector>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/simd.hpp"
#include "model/clamped_changes.hpp"
#include "model/surrogate_state.hpp"

namespace grids::core {
namespace {

/// Rows that one thread works on at least: few blocks are then padded.
constexpr int64_t kUnitRows = 1024;
/// A batch ends after so many rows or sums: bounds the memory and the time between two looks at
/// whether the user wants to stop.
constexpr int64_t kBatchRows = 1 << 16;
constexpr int64_t kBatchSums = 1 << 23;
/// Sums that one thread multiplies by the last layer at once.
constexpr int64_t kProductSums = kTailGroup * kTailRows;

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
      : state_(state), measure_(measure) {
    // Of few genes the last layer costs next to nothing, and of no gene but those of the cis path
    // it is not run at all.
    if (measure.kind == MeasureKind::kClamped && !state.layer_.by_row && !state.cis_.all()) {
      clamped_.emplace(state.model_.surrogate(), state.layer_, state.outputs_, latents_before(),
                       state.cis_.columns(), state.model_.pool());
    }
  }

  void run(std::span<const Feature> features, const ChangeSink& sink) {
    for (const Feature feature : features) state_.require_possible({kNoFeature, feature});
    size_t first = 0;
    while (first < features.size()) {
      const auto bounds = units_of_batch(features.subspan(first));
      const auto batch = features.subspan(first, at(bounds.back()));
      if (clamped_ && state_.cis_.empty()) {
        sums_.resize(batch.size() * at(width()));  // every number is written
      } else {
        sums_.assign(batch.size() * at(measure_.size()), 0.0);
      }
      touched_.assign(batch.size(), 0);
      const auto units = static_cast<int64_t>(bounds.size()) - 1;
      if (clamped_) differences_.resize(batch.size() * at(clamped_->hidden()));
      state_.model_.pool().for_each(units, [&](int64_t unit) {
        if (clamped_) {
          sum_clamped(batch, bounds[at(unit)], bounds[at(unit + 1)]);
        } else {
          sum_measured(batch, bounds[at(unit)], bounds[at(unit + 1)]);
        }
      });
      if (clamped_) add_products(std::ssize(batch));
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

  /// Rows on their way into the tail, one block of them.
  struct Block {
    explicit Block(const SurrogateState& state)
        : in(at(kTailRows * state.encoder().latent()), 0.0f), fixed(state) {
      rows.reserve(at(kTailRows));
    }
    void clear() {
      rows.clear();
      fixed.clear();
    }

    std::vector<float> in;  ///< latents
    std::vector<Row> rows;
    SurrogateState::CisRows fixed;
  };

  /// The latents of the state's cells, in whole blocks.
  std::vector<float> latents_before() const {
    const int64_t latents = state_.encoder().latent();
    const int64_t blocks = (state_.cell_count() + kTailRows - 1) / kTailRows;
    std::vector<float> result(at(blocks * kTailRows * latents), 0.0f);
    state_.model_.pool().for_blocks(
        state_.cell_count(), kTailRows, [&](int64_t begin, int64_t end, int64_t) {
          std::vector<const float*> scratch;
          for (int64_t position = begin; position < end; ++position) {
            state_.latent(position, {}, scratch, result.data() + position * latents);
          }
        });
    return result;
  }

  /// Calls `work(block)` with the rows of features [begin, end) of the batch, in order.
  template <typename Work>
  void for_rows(std::span<const Feature> batch, int64_t begin, int64_t end, const Work& work) {
    const AtacEncoder& encoder = state_.encoder();
    std::vector<float> chromosome_sum(at(encoder.sum_stride()));
    std::vector<float> contribution(at(encoder.latent_stride()));
    std::vector<const float*> scratch;
    Block block(state_);
    const auto flush = [&] {
      work(block);
      block.clear();
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
                      block.in.data() + std::ssize(block.rows) * encoder.latent());
        block.fixed.add(position, change.cis);
        block.rows.push_back({f, position});
        if (std::ssize(block.rows) == kTailRows) flush();
      }
    }
    if (!block.rows.empty()) flush();
  }

  std::span<const float> outputs_before(const Row& row) const {
    return std::span(state_.outputs_).subspan(at(row.position * width()), at(width()));
  }

  /// The sums of features [begin, end) of the batch, on one thread, the measure taken of every row.
  void sum_measured(std::span<const Feature> batch, int64_t begin, int64_t end) {
    std::vector<float> out(at(kTailRows * width()));
    // The measure of the outputs before is taken anew for each row: that costs less than a few per
    // cent of the tail, and keeping it would take more memory than everything else.
    std::vector<double> before(at(measure_.size()));
    std::vector<double> after(at(measure_.size()));
    for_rows(batch, begin, end, [&](const Block& block) {
      state_.predict(block.in.data(), block.fixed.rows(), 1, out.data());
      for (size_t i = 0; i < block.rows.size(); ++i) {
        measure_cells(measure_, outputs_before(block.rows[i]), before);
        measure_cells(measure_, std::span(out).subspan(i * at(width()), at(width())), after);
        add_change(measure_.size(), before.data(), after.data(),
                   sums_.data() + block.rows[i].feature * measure_.size());
      }
    });
  }

  /// All of the same but what `add_products` adds.
  void sum_clamped(std::span<const Feature> batch, int64_t begin, int64_t end) {
    std::vector<float> hidden(at(kTailRows * clamped_->hidden()));
    std::vector<float> out(state_.cis_.empty() ? 0 : at(kTailRows * width()));
    ClampedChanges::Sum sum(*clamped_);
    int64_t feature = begin;
    const auto finish_before = [&](int64_t next) {
      for (; feature < next; ++feature) {
        sum.finish(differences_.data() + feature * clamped_->hidden(),
                   sums_.data() + feature * width());
      }
    };
    for_rows(batch, begin, end, [&](const Block& block) {
      state_.model_.surrogate().tail_hidden(block.in.data(), hidden.data());
      if (!state_.cis_.empty()) add_cis(block, out);
      for (size_t i = 0; i < block.rows.size(); ++i) {
        finish_before(block.rows[i].feature);
        sum.add(block.rows[i].position,
                hidden.data() + static_cast<int64_t>(i) * clamped_->hidden());
      }
    });
    finish_before(end);
  }

  /// Adds what the genes of the cis path change by.
  void add_cis(const Block& block, std::vector<float>& out) {
    state_.cis_.predict(block.fixed.rows(), block.in.data(), out.data());
    for (size_t i = 0; i < block.rows.size(); ++i) {
      const auto before = outputs_before(block.rows[i]);
      const float* after = out.data() + static_cast<int64_t>(i) * width();
      double* sums = sums_.data() + block.rows[i].feature * width();
      for (const int32_t k : state_.cis_.columns()) {
        sums[k] += double{std::max(after[k], 0.0f)} - double{std::max(before[at(k)], 0.0f)};
      }
    }
  }

  void add_products(int64_t features) {
    state_.model_.pool().for_blocks(
        features, kProductSums, [&](int64_t begin, int64_t end, int64_t) {
          clamped_->add_products(end - begin, differences_.data() + begin * clamped_->hidden(),
                                 sums_.data() + begin * width());
        });
  }

  const SurrogateState& state_;
  const Measure& measure_;
  std::optional<ClampedChanges> clamped_;
  std::vector<double> sums_;        ///< features of the batch × measure
  std::vector<float> differences_;  ///< features of the batch × hidden, with `clamped_`
  std::vector<int64_t> touched_;    ///< features of the batch
};

void SurrogateState::summed_changes(std::span<const Feature> features, const Measure& measure,
                                    const ChangeSink& sink) const {
  ChangeSums(*this, measure).run(features, sink);
}

}  // namespace grids::core
