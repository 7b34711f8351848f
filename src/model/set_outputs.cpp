#include "model/set_outputs.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {

/// A set by chromosome, and where its peaks are open.
struct SetOutputs::Masks {
  Masks(const SurrogateModel& model, std::span<const Feature> set)
      : peaks(set.begin(), set.end()), touched(at(model.shape().cells), 0) {
    std::sort(peaks.begin(), peaks.end());
    for (size_t i = 0; i < peaks.size(); ++i) {
      if (peaks[i] < 0 || peaks[i] >= model.shape().features) {
        throw internal_error("feature {} of {} is to be masked", peaks[i], model.shape().features);
      }
      if (i > 0 && peaks[i] == peaks[i - 1]) {
        throw internal_error("feature {} is masked twice", peaks[i]);
      }
      add(model, peaks[i]);
    }
  }

  std::vector<Feature> peaks;              ///< ascending
  std::vector<std::vector<uint8_t>> open;  ///< of each peak, by cell
  std::vector<uint8_t> touched;            ///< by cell

 private:
  void add(const SurrogateModel& model, Feature peak) {
    auto& own = open.emplace_back(touched.size(), 0);
    for (const int32_t cell : model.cells_of_peaks().row(peak)) own[at(cell)] = 1;
    const float p = model.replacement(peak);
    for (size_t cell = 0; cell < own.size(); ++cell) {
      if (static_cast<float>(own[cell]) != p) touched[cell] = 1;
    }
  }
};

namespace {

/// One row's way to its latent.
class RowLatent {
 public:
  explicit RowLatent(const SurrogateModel& model)
      : model_(model),
        unmasked_(model.encoded()),
        pointers_(at(encoder().chromosomes())),
        sum_(at(encoder().sum_stride())) {}

  /// `peaks` ascend; `open` of each, by cell.
  void operator()(int32_t cell, std::span<const Feature> peaks,
                  std::span<const std::vector<uint8_t>> open, float* out) {
    const int64_t chromosomes = encoder().chromosomes();
    for (int64_t c = 0; c < chromosomes; ++c) {
      pointers_[at(c)] =
          unmasked_.contributions.data() + (cell * chromosomes + c) * encoder().latent_stride();
    }
    size_t used = 0;
    for (size_t first = 0, last = 0; first < peaks.size(); first = last) {
      const int64_t c = encoder().chromosome_of(peaks[first]);
      const auto differs = [&](size_t i) {
        return model_.replacement(peaks[i]) != static_cast<float>(open[i][at(cell)]);
      };
      bool moved = false;
      for (last = first; last < peaks.size() && peaks[last] < encoder().first_peak(c + 1); ++last) {
        moved |= differs(last);
      }
      if (!moved) continue;
      std::copy_n(model_.unmasked_sum(cell, c), sum_.size(), sum_.data());
      for (size_t i = first; i < last; ++i) {
        model_.mask_in_sum(peaks[i], static_cast<float>(open[i][at(cell)]), sum_.data());
      }
      if (used == contributions_.size()) contributions_.emplace_back(at(encoder().latent_stride()));
      encoder().contribution(c, sum_.data(), contributions_[used].data());
      pointers_[at(c)] = contributions_[used++].data();
    }
    encoder().latent_of(pointers_, out);
  }

 private:
  const AtacEncoder& encoder() const { return model_.encoder(); }

  const SurrogateModel& model_;
  const SurrogateModel::Encoded& unmasked_;
  std::vector<const float*> pointers_;
  std::vector<float> sum_;
  std::vector<std::vector<float>> contributions_;  // of moved chromosomes; kept for reuse
};

}  // namespace

SetOutputs::SetOutputs(const SurrogateModel& model, std::span<const int32_t> outputs)
    : model_(model), outputs_(model.model_outputs(outputs)) {
  const CisOutputs& cis = outputs_->cis;
  if (cis.empty()) return;
  fixed_.resize(at(cells() * cis.stride()));
  const auto nothing = cis.masked({}, model_.replacements());
  model_.pool().for_blocks(cells(), kTailRows, [&](int64_t begin, int64_t end, int64_t) {
    CisOutputs::Row room(cis);
    for (int64_t cell = begin; cell < end; ++cell) {
      cis.fix(static_cast<int32_t>(cell), nothing, room, fixed_.data() + cell * cis.stride());
    }
  });
}

void SetOutputs::predict(int64_t rows, std::vector<float>& latents,
                         std::span<const float* const> fixed, float* out) const {
  const CisOutputs& cis = outputs_->cis;
  if (cis.all()) return cis.predict(fixed, latents.data(), out);
  const int64_t blocks = (rows + kTailRows - 1) / kTailRows;
  latents.resize(at(blocks * kTailRows * model_.encoder().latent()), 0.0f);
  std::vector<float> whole(at(blocks * kTailRows * width()));
  model_.surrogate().tail(*outputs_->layer, latents.data(), whole.data(), blocks);
  if (!cis.empty()) cis.predict(fixed, latents.data(), whole.data());
  std::copy_n(whole.data(), rows * width(), out);
}

std::vector<float> SetOutputs::unmasked(int64_t begin, int64_t end) const {
  const CisOutputs& cis = outputs_->cis;
  const int64_t latents = model_.encoder().latent();
  const float* kept = model_.encoded().latents.data();
  std::vector<float> result(at((end - begin) * width()));
  model_.pool().for_blocks(end - begin, kTailRows, [&](int64_t first, int64_t last, int64_t) {
    std::vector<const float*> fixed;
    for (int64_t row = first; row < last && !cis.empty(); ++row) {
      fixed.push_back(fixed_.data() + (begin + row) * cis.stride());
    }
    std::vector<float> in(kept + (begin + first) * latents, kept + (begin + last) * latents);
    predict(last - first, in, fixed, result.data() + first * width());
  });
  return result;
}

SetOutputs::Rows SetOutputs::masked(std::span<const Feature> set) const {
  const Masks masks(model_, set);
  const CisOutputs& cis = outputs_->cis;
  const auto concerned = cis.concerned(masks.peaks, model_.replacements());
  const int64_t latents = model_.encoder().latent();
  Rows result;
  for (size_t cell = 0; cell < masks.touched.size(); ++cell) {
    if (masks.touched[cell] != 0) result.cells.push_back(static_cast<int32_t>(cell));
  }
  result.outputs.resize(result.cells.size() * at(width()));
  model_.pool().for_blocks(
      std::ssize(result.cells), kTailRows, [&](int64_t begin, int64_t end, int64_t) {
        RowLatent latent_of(model_);
        CisOutputs::Row room(cis);
        std::vector<float> in(at((end - begin) * latents));
        std::vector<float> moved(concerned.outputs.empty() ? 0 : at((end - begin) * cis.stride()));
        std::vector<const float*> fixed;
        for (int64_t row = begin; row < end; ++row) {
          const int32_t cell = result.cells[at(row)];
          latent_of(cell, masks.peaks, masks.open, in.data() + (row - begin) * latents);
          if (cis.empty()) continue;
          fixed.push_back(fixed_.data() + cell * cis.stride());
          if (concerned.outputs.empty()) continue;
          float* own = moved.data() + (row - begin) * cis.stride();
          std::copy_n(fixed.back(), cis.stride(), own);
          cis.fix(cell, concerned, room, own);
          fixed.back() = own;
        }
        predict(end - begin, in, fixed, result.outputs.data() + begin * width());
      });
  return result;
}

void clamp(std::vector<float>& outputs) {
  for (float& value : outputs) value = std::max(value, 0.0f);
}

std::vector<float> clamped_after(std::span<const float> before, const SetOutputs::Rows& rows) {
  std::vector<float> after(before.begin(), before.end());
  for (size_t i = 0; i < rows.cells.size(); ++i) {
    after[at(rows.cells[i])] = std::max(rows.outputs[i], 0.0f);
  }
  return after;
}

}  // namespace grids::core
