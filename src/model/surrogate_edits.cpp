// SurrogateState::outputs_after: the rows (edit, cell) that the edits touch, all of them in one
// batch for the tail.
#include <algorithm>
#include <deque>
#include <map>
#include <memory>

#include "base/at.hpp"
#include "base/error.hpp"
#include "model/surrogate_state.hpp"

namespace grids::core {
namespace {

/// Rows of one batch: bounds what it keeps in memory (an edit is never split).
constexpr int64_t kRowsAtOnce = 1 << 16;
constexpr int64_t kBatchFloats = 1 << 23;

}  // namespace

/// Some edits, planned, computed and told.
///
/// What a swap does to a row depends on the feature that it drops only through the sum of that
/// feature's chromosome. So for each dropped feature one Drop is kept, shared by all edits that
/// drop it: the contributions without it, and the outputs of the rows in which a swap touches
/// nothing else.
class EditBatch {
 public:
  explicit EditBatch(const SurrogateState& state) : state_(state) {}

  /// An upper bound of the rows so far.
  int64_t rows() const { return rows_; }
  size_t edits() const { return edits_.size(); }

  void add(Edit edit) {
    state_.require_possible(edit);
    Planned& planned = edits_.emplace_back();
    if (edit.in == edit.out) return;  // nothing changes
    if (edit.out != kNoFeature) planned.drop = &drop_of(edit.out);
    if (edit.in != kNoFeature) {
      planned.change = state_.plan(edit);
      planned.rows = state_.touched(edit.in, planned.change.in_open);
      rows_ += static_cast<int64_t>(planned.rows.size());
    }
    if (planned.drop != nullptr && planned.rows.size() < state_.cells_.size()) {
      if (!planned.drop->is_read) rows_ += static_cast<int64_t>(planned.drop->rows.size());
      planned.drop->is_read = true;
    }
  }

  void compute() {
    std::vector<Drop*> drops;
    for (auto& [feature, drop] : drops_) drops.push_back(&drop);
    state_.model_.pool().for_each(static_cast<int64_t>(drops.size()),
                                  [&](int64_t i) { contribute(*drops[at(i)]); });
    int64_t rows = 0;
    const auto place = [&](Planned& planned) {
      planned.first_row = rows;
      rows += static_cast<int64_t>(planned.rows.size());
      if (!planned.rows.empty()) placed_.push_back(&planned);
    };
    for (Planned& planned : edits_) place(planned);
    for (auto& [feature, drop] : drops_) {
      if (drop.is_read) place(drop);
    }
    const int64_t padded_rows = (rows + kTailRows - 1) / kTailRows * kTailRows;
    outputs_.reset(new float[at(padded_rows * width())]);
    state_.model_.pool().for_blocks(
        rows, state_.task_rows(rows),
        [&](int64_t begin, int64_t end, int64_t) { compute_rows(begin, end); });
  }

  /// Edit e of the batch is told as edit first + e.
  void tell(size_t first, const EditSink& sink) const {
    state_.model_.pool().for_each(static_cast<int64_t>(edits_.size()), [&](int64_t e) {
      const Planned& planned = edits_[at(e)];
      std::vector<int32_t> positions;
      std::vector<const float*> rows;
      const auto take = [&](const Planned& from, size_t i) {
        positions.push_back(from.rows[i]);
        rows.push_back(outputs_.get() + (from.first_row + static_cast<int64_t>(i)) * width());
      };
      const size_t shared = planned.drop == nullptr ? 0 : planned.drop->rows.size();
      size_t next = 0;
      for (size_t i = 0; i < planned.rows.size(); ++i) {
        for (; next < shared && planned.drop->rows[next] <= planned.rows[i]; ++next) {
          if (planned.drop->rows[next] < planned.rows[i]) take(*planned.drop, next);
        }
        take(planned, i);
      }
      for (; next < shared; ++next) take(*planned.drop, next);
      sink(first + at(e), positions, {rows, at(width())});
    });
  }

 private:
  struct Drop;

  struct Planned {
    SurrogateState::Change change;
    Drop* drop = nullptr;
    std::vector<int32_t> rows;  ///< positions to compute, ascending
    int64_t first_row = 0;      ///< in `outputs_`
  };

  struct Drop : Planned {
    bool is_read = false;              ///< some swap leaves rows in which nothing else is touched
    std::vector<float> contributions;  ///< rows × latent_stride
    std::vector<int32_t> row_of;       ///< positions; −1 where the feature is not touched
  };

  int64_t width() const { return state_.layer_.size(); }

  Drop& drop_of(Feature feature) {
    const auto [place, is_new] = drops_.try_emplace(feature);
    Drop& drop = place->second;
    if (!is_new) return drop;
    drop.change = state_.plan({feature, kNoFeature});
    drop.rows = state_.touched(feature, state_.flags_of_member(feature));
    drop.row_of.assign(state_.cells_.size(), -1);
    for (size_t i = 0; i < drop.rows.size(); ++i) {
      drop.row_of[at(drop.rows[i])] = static_cast<int32_t>(i);
    }
    return drop;
  }

  void contribute(Drop& drop) const {
    const AtacEncoder& encoder = state_.encoder();
    const auto& mask = drop.change.masks.front();
    drop.contributions.resize(drop.rows.size() * at(encoder.latent_stride()));
    std::vector<float> sum(at(encoder.sum_stride()));
    for (size_t i = 0; i < drop.rows.size(); ++i) {
      state_.masked_sum(mask, drop.rows[i], sum.data());
      encoder.contribution(mask.chromosome, sum.data(),
                           drop.contributions.data() + i * at(encoder.latent_stride()));
    }
  }

  const float* contribution_without(const Drop& drop, int64_t position) const {
    const int64_t row = drop.row_of[at(position)];
    return row < 0 ? state_.contribution_at(position, drop.change.masks.front().chromosome)
                   : drop.contributions.data() + row * state_.encoder().latent_stride();
  }

  /// The latent of one row. `contribution` is room for one.
  void latent_of(const Planned& planned, int64_t position, std::vector<float>& sum,
                 std::vector<float>& contribution, std::vector<const float*>& scratch,
                 float* out) const {
    const AtacEncoder& encoder = state_.encoder();
    SurrogateState::Replaced replaced[2];
    size_t count = 0;
    const auto& change = planned.change;
    if (planned.drop != nullptr && change.masks.size() > 1) {
      replaced[count++] = {change.masks.front().chromosome,
                           contribution_without(*planned.drop, position)};
    }
    state_.masked_sum(change.masks.back(), position, sum.data());
    encoder.contribution(change.masks.back().chromosome, sum.data(), contribution.data());
    replaced[count++] = {change.masks.back().chromosome, contribution.data()};
    state_.latent(position, {replaced, count}, scratch, out);
  }

  /// Rows [begin, end) of `outputs_`: whole blocks of the tail, but for the end of the batch.
  void compute_rows(int64_t begin, int64_t end) const {
    const AtacEncoder& encoder = state_.encoder();
    const int64_t latents = encoder.latent();
    const int64_t blocks = (end - begin + kTailRows - 1) / kTailRows;
    std::vector<float> sum(at(encoder.sum_stride()));
    std::vector<float> contribution(at(encoder.latent_stride()));
    std::vector<const float*> scratch;
    std::vector<float> in(at(blocks * kTailRows * latents), 0.0f);
    SurrogateState::CisRows fixed(state_);
    auto next = std::upper_bound(
        placed_.begin(), placed_.end(), begin,
        [](int64_t row, const Planned* planned) { return row < planned->first_row; });
    const Planned* planned = *std::prev(next);
    for (int64_t row = begin; row < end; ++row) {
      if (next != placed_.end() && row == (*next)->first_row) planned = *next++;
      const int32_t position = planned->rows[at(row - planned->first_row)];
      latent_of(*planned, position, sum, contribution, scratch,
                in.data() + (row - begin) * latents);
      fixed.add(position, planned->change.cis);
    }
    state_.predict(in.data(), fixed.rows(), blocks, outputs_.get() + begin * width());
  }

  const SurrogateState& state_;
  std::deque<Planned> edits_;
  std::map<Feature, Drop> drops_;
  std::vector<const Planned*> placed_;  ///< those with rows, in the order of the rows
  std::unique_ptr<float[]> outputs_;    ///< rows × outputs, the rows padded to whole blocks
  int64_t rows_ = 0;
};

void SurrogateState::outputs_after(std::span<const Edit> edits, const EditSink& sink) const {
  const int64_t row_limit =
      std::min<int64_t>(kRowsAtOnce, kBatchFloats / std::max<int64_t>(1, layer_.size()));
  size_t first = 0;
  while (first < edits.size()) {
    EditBatch batch(*this);
    while (first + batch.edits() < edits.size() &&
           (batch.rows() < row_limit || batch.edits() == 0)) {
      batch.add(edits[first + batch.edits()]);
    }
    batch.compute();
    batch.tell(first, sink);
    first += batch.edits();
  }
}

}  // namespace grids::core
