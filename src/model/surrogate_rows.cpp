// Cells under masks of their own: what methods that average over random masks ask for.
#include <algorithm>
#include <vector>

#include "base/at.hpp"
#include "base/simd.hpp"
#include "math/lanes.hpp"
#include "model/surrogate_model.hpp"

namespace grids::core {
namespace {

/// sum += Σ_i factors_i · rows_i, in order: the bits of SurrogateModel::mask_in_sum, one after the
/// other.
GRIDS_CLONES void add_scaled_rows(int64_t width, std::span<const float> factors,
                                  std::span<const float* const> rows, float* sum) {
  for (int64_t o = 0; o < width; o += kLanes) {
    Lanes total = lanes_at(sum + o);
    for (size_t i = 0; i < rows.size(); ++i) total += factors[i] * lanes_at(rows[i] + o);
    lanes_at(sum + o) = total;
  }
}

/// Room for one row's way to its latent.
class RowEncoder {
 public:
  explicit RowEncoder(const SurrogateModel& model)
      : model_(model),
        is_open_(at(encoder().peaks()), 0),
        sum_(at(encoder().sum_stride())),
        contributions_(at(encoder().chromosomes() * encoder().latent_stride())) {
    for (int64_t c = 0; c < encoder().chromosomes(); ++c) {
      pointers_.push_back(contributions_.data() + c * encoder().latent_stride());
    }
  }

  void latent(const MaskedCell& row, float* out) {
    look_at(row.cell);
    size_t next = 0;
    for (int64_t c = 0; c < encoder().chromosomes(); ++c) {
      std::copy_n(model_.unmasked_sum(row.cell, c), sum_.size(), sum_.data());
      changes_.clear();
      differences_.clear();
      for (; next < row.subset.size() && row.subset[next] < encoder().first_peak(c + 1); ++next) {
        const Feature peak = row.subset[next];
        const float change = model_.replacement(peak) - static_cast<float>(is_open_[at(peak)]);
        if (change == 0) continue;
        changes_.push_back(change);
        differences_.push_back(encoder().difference(peak));
      }
      add_scaled_rows(encoder().sum_stride(), changes_, differences_, sum_.data());
      encoder().contribution(c, sum_.data(), contributions_.data() + c * encoder().latent_stride());
    }
    encoder().latent_of(pointers_, out);
  }

 private:
  const AtacEncoder& encoder() const { return model_.encoder(); }

  /// Masks of one cell as a rule come one after the other.
  void look_at(int32_t cell) {
    if (cell == cell_) return;
    if (cell_ >= 0) {
      for (const int32_t peak : model_.open().row(cell_)) is_open_[at(peak)] = 0;
    }
    for (const int32_t peak : model_.open().row(cell)) is_open_[at(peak)] = 1;
    cell_ = cell;
  }

  const SurrogateModel& model_;
  int32_t cell_ = -1;
  std::vector<uint8_t> is_open_;  // of the cell
  std::vector<float> changes_;    // of the chromosome's masked peaks
  std::vector<const float*> differences_;
  std::vector<float> sum_;
  std::vector<float> contributions_;  // chromosomes × latent_stride
  std::vector<const float*> pointers_;
};

}  // namespace

void SurrogateModel::predict(std::span<const MaskedCell> rows, std::span<const int32_t> outputs,
                             const PredictionSink& sink) const {
  const auto kept = model_outputs(outputs);
  const OutputLayer& layer = *kept->layer;
  const CisOutputs& cis = kept->cis;
  const auto count = static_cast<int64_t>(rows.size());
  pool_.for_blocks(count, kTailRows, [&](int64_t begin, int64_t end, int64_t) {
    RowEncoder encode(*this);
    CisOutputs::Row room(cis);
    std::vector<float> in(at(kTailRows * encoder().latent()), 0.0f);
    std::vector<float> out(at(kTailRows * layer.size()));
    std::vector<float> fixed(at(kTailRows * cis.stride()));
    std::vector<const float*> fixed_rows;
    for (int64_t i = begin; i < end; ++i) {
      const auto& row = rows[at(i)];
      encode.latent(row, in.data() + (i - begin) * encoder().latent());
      if (cis.empty()) continue;
      float* own = fixed.data() + (i - begin) * cis.stride();
      cis.fix(row.cell, cis.masked(row.subset, replacement_), room, own);
      fixed_rows.push_back(own);
    }
    if (!cis.all()) surrogate_.tail(layer, in.data(), out.data());
    if (!cis.empty()) cis.predict(fixed_rows, in.data(), out.data());
    sink(at(begin), std::span(out).first(at((end - begin) * layer.size())));
  });
}

}  // namespace grids::core
