// Cells under masks of their own: what methods that average over random masks ask for.
#include <algorithm>
#include <vector>

#include "model/surrogate_model.hpp"

namespace grids {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

/// Room for one row's way to its latent.
class RowEncoder {
 public:
  explicit RowEncoder(const SurrogateModel& model)
      : model_(model),
        sum_(at(encoder().sum_stride())),
        contributions_(at(encoder().chromosomes() * encoder().latent_stride())) {
    for (int64_t c = 0; c < encoder().chromosomes(); ++c) {
      pointers_.push_back(contributions_.data() + c * encoder().latent_stride());
    }
  }

  void latent(const MaskedCell& row, float* out) {
    const auto open = model_.open().row(row.cell);
    size_t next_open = 0, next = 0;
    for (int64_t c = 0; c < encoder().chromosomes(); ++c) {
      std::copy_n(model_.unmasked_sum(row.cell, c), sum_.size(), sum_.data());
      for (; next < row.subset.size() && row.subset[next] < encoder().first_peak(c + 1); ++next) {
        const Feature peak = row.subset[next];
        while (next_open < open.size() && open[next_open] < peak) ++next_open;
        const float x = next_open < open.size() && open[next_open] == peak ? 1.0f : 0.0f;
        model_.mask_in_sum(peak, x, sum_.data());
      }
      encoder().contribution(c, sum_.data(), contributions_.data() + c * encoder().latent_stride());
    }
    encoder().latent_of(pointers_, out);
  }

 private:
  const AtacEncoder& encoder() const { return model_.encoder(); }

  const SurrogateModel& model_;
  std::vector<float> sum_;
  std::vector<float> contributions_;  // chromosomes × latent_stride
  std::vector<const float*> pointers_;
};

}  // namespace

void SurrogateModel::predict(std::span<const MaskedCell> rows, std::span<const int32_t> outputs,
                             const PredictionSink& sink) const {
  const auto kept = model_outputs(outputs);
  const auto& [layer, cis] = *kept;
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
    for (int64_t i = begin; i < end; ++i) {
      sink(at(i), std::span(out).subspan(at((i - begin) * layer.size()), at(layer.size())));
    }
  });
}

}  // namespace grids
