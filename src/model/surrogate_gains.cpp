// What a state's outputs depend on: gradients back to the chromosome sums, and noise or gates on
// the way in.
#include <algorithm>
#include <vector>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "base/simd.hpp"
#include "math/information.hpp"
#include "math/lanes.hpp"
#include "model/surrogate_state.hpp"

namespace grids::core {
namespace {

/// Cells whose gains of the cis path are added up by one thread: a fixed number, so that sums do
/// not depend on the threads.
constexpr int64_t kCisCells = 16;
/// Up to this share of all peaks, gains are added up peak by peak instead of in one sparse product.
constexpr int64_t kFeaturesOfFew = 16;

/// ⟨gradient, D_j⟩ of some peaks of one chromosome; widths are whole lanes.
GRIDS_CLONES void products(int64_t width, const float* gradient, size_t count,
                           const float* const* differences, float* out) {
  for (size_t j = 0; j < count; ++j) {
    Lanes sum = {};
    for (int64_t i = 0; i < width; i += kLanes) {
      sum += lanes_at(gradient + i) * lanes_at(differences[j] + i);
    }
    out[j] = sum_of(sum);
  }
}

}  // namespace

SurrogateState::Gradients SurrogateState::backward(std::span<const float> cotangent) const {
  std::vector<int64_t> all;
  for (int64_t c = 0; c < encoder().chromosomes(); ++c) all.push_back(c);
  return backward(cotangent, all);
}

SurrogateState::Gradients SurrogateState::backward(std::span<const float> cotangent,
                                                   std::span<const int64_t> chromosomes) const {
  const int64_t count = cell_count();
  const int64_t width = layer_.size();
  const int64_t latents = encoder().latent();
  const int64_t stride = encoder().sum_stride();
  if (cotangent.size() != outputs_.size()) {
    throw internal_error("gains: {} cotangents for {} outputs", cotangent.size(), outputs_.size());
  }
  Gradients gradients{std::vector<float>(chromosomes.size() * at(count * stride)),
                      std::vector<float>(at(count * cis_.stride()))};
  model_.pool().for_blocks(count, kTailRows, [&](int64_t begin, int64_t end, int64_t) {
    std::vector<const float*> rows;
    std::vector<float> in(at(kTailRows * latents), 0.0f);
    std::vector<float> back(at(kTailRows * width), 0.0f);
    std::vector<float> in_gradient(in.size());
    std::vector<float> padded_gradient(at(encoder().latent_stride()), 0.0f);
    for (int64_t cell = begin; cell < end; ++cell) {
      latent(cell, {}, rows, in.data() + (cell - begin) * latents);
    }
    std::copy(cotangent.begin() + begin * width, cotangent.begin() + end * width, back.begin());
    for (const int32_t column : cis_.columns()) {
      for (int64_t row = 0; row < end - begin; ++row) back[at(row * width + column)] = 0;
    }
    if (!cis_.all()) {
      model_.surrogate().tail_backward(layer_, in.data(), back.data(), in_gradient.data());
    }
    if (!cis_.empty()) {
      cis_.backward(end - begin, outputs_.data() + begin * width, cotangent.data() + begin * width,
                    gradients.eta.data() + begin * cis_.stride(), in_gradient.data());
    }
    for (int64_t cell = begin; cell < end; ++cell) {
      std::copy_n(in_gradient.data() + (cell - begin) * latents, latents, padded_gradient.data());
      for (size_t i = 0; i < chromosomes.size(); ++i) {
        encoder().contribution_backward(
            chromosomes[i], sum_at(cell, chromosomes[i]), padded_gradient.data(),
            gradients.sums.data() + (static_cast<int64_t>(i) * count + cell) * stride);
      }
    }
  });
  return gradients;
}

void SurrogateState::gains(std::span<const float> cotangent, std::span<double> gains) const {
  if (static_cast<int64_t>(gains.size()) != encoder().peaks()) {
    throw internal_error("gains: room for {} of {} features", gains.size(), encoder().peaks());
  }
  const auto gradients = backward(cotangent);
  encoder().replacement_gains(model_.pool(), {model_.open(), model_.block_starts(), cells_},
                              gradients.sums, model_.replacements(), gains);
  if (!cis_.empty()) add_cis_gains(gradients.eta, gains);
}

void SurrogateState::gains_of(std::span<const float> cotangent, std::span<const Feature> features,
                              std::span<double> gains) const {
  if (std::ssize(features) > encoder().peaks() / kFeaturesOfFew) {
    return this->gains(cotangent, gains);
  }
  std::vector<int64_t> chromosomes;
  for (const Feature feature : features) {
    const int64_t c = encoder().chromosome_of(feature);
    if (chromosomes.empty() || chromosomes.back() != c) chromosomes.push_back(c);
  }
  const auto gradients = backward(cotangent, chromosomes);
  add_sum_gains(gradients, chromosomes, features, gains);
  if (!cis_.empty()) add_cis_gains(gradients.eta, gains);
}

void SurrogateState::add_sum_gains(const Gradients& gradients, std::span<const int64_t> chromosomes,
                                   std::span<const Feature> features,
                                   std::span<double> gains) const {
  const int64_t size = cell_count() * encoder().sum_stride();
  model_.pool().for_each(std::ssize(chromosomes), [&](int64_t i) {
    const auto begin = std::lower_bound(features.begin(), features.end(),
                                        encoder().first_peak(chromosomes[at(i)]));
    const auto end =
        std::lower_bound(begin, features.end(), encoder().first_peak(chromosomes[at(i)] + 1));
    std::vector<std::vector<int32_t>> open;
    for (auto feature = begin; feature != end; ++feature) open.push_back(open_positions(*feature));
    encoder().replacement_gains_of({begin, end}, open,
                                   std::span(gradients.sums).subspan(at(i * size), at(size)),
                                   model_.replacements(), gains);
  });
}

void SurrogateState::add_cis_gains(std::span<const float> eta_cotangent,
                                   std::span<double> gains) const {
  const auto masked = cis_.masked(subset_, model_.replacements());
  const auto peaks = cis_.peaks();
  const int64_t blocks = (cell_count() + kCisCells - 1) / kCisCells;
  std::vector<double> sums(at(blocks) * peaks.size(), 0.0);
  model_.pool().for_blocks(cell_count(), kCisCells, [&](int64_t begin, int64_t end, int64_t block) {
    CisOutputs::Row room(cis_);
    const auto own = std::span(sums).subspan(at(block) * peaks.size(), peaks.size());
    for (int64_t position = begin; position < end; ++position) {
      cis_.add_gains(cells_[at(position)], masked, model_.replacements(),
                     eta_cotangent.data() + position * cis_.stride(), room, own);
    }
  });
  for (int64_t block = 0; block < blocks; ++block) {
    for (size_t slot = 0; slot < peaks.size(); ++slot) {
      gains[at(peaks[slot])] += sums[at(block) * peaks.size() + slot];
    }
  }
}

void SurrogateState::cell_gains(std::span<const float> cotangent, const CellGainSink& sink) const {
  const auto gradients = backward(cotangent);
  const auto everywhere = cis_.masked(subset_, model_.replacements());
  model_.pool().for_each(cell_count(), [&](int64_t position) {
    const auto features = model_.differing(cells_[at(position)]);
    std::vector<float> gains(features.size());
    multiply_differences(gradients.sums, position, features, gains);
    if (!cis_.empty()) {
      CisOutputs::Row room(cis_);
      std::vector<double> own(cis_.peaks().size(), 0.0);
      cis_.add_gains(cells_[at(position)], moved_.empty() ? everywhere : moved_[at(position)],
                     model_.replacements(), gradients.eta.data() + position * cis_.stride(), room,
                     own);
      for (size_t slot = 0; slot < own.size(); ++slot) {
        if (own[slot] == 0) continue;  // among them all with x = p
        const auto place = std::lower_bound(features.begin(), features.end(), cis_.peaks()[slot]);
        gains[at(place - features.begin())] += static_cast<float>(own[slot]);
      }
    }
    sink(at(position), features, gains);
  });
}

void SurrogateState::multiply_differences(std::span<const float> sum_gradients, int64_t position,
                                          std::span<const Feature> features,
                                          std::span<float> gains) const {
  const auto open = model_.open().row(cells_[at(position)]);
  const int64_t stride = encoder().sum_stride();
  std::vector<const float*> differences;
  size_t next_open = 0;
  for (size_t first = 0; first < features.size();) {
    const int64_t chromosome = encoder().chromosome_of(features[first]);
    differences.clear();
    size_t last = first;
    for (; last < features.size() && features[last] < encoder().first_peak(chromosome + 1);
         ++last) {
      differences.push_back(encoder().difference(features[last]));
    }
    products(stride, sum_gradients.data() + (chromosome * cell_count() + position) * stride,
             differences.size(), differences.data(), gains.data() + first);
    first = last;
  }
  for (size_t i = 0; i < features.size(); ++i) {
    while (next_open < open.size() && open[next_open] < features[i]) ++next_open;
    const bool is_open = next_open < open.size() && open[next_open] == features[i];
    gains[i] *= model_.replacement(features[i]) - (is_open ? 1.0f : 0.0f);
  }
}

void SurrogateState::add_noise(const Noise& noise, std::span<const CholeskyFactor> chromosomes) {
  const int64_t stride = encoder().sum_stride();
  model_.pool().for_each(cell_count(), [&](int64_t position) {
    const int32_t cell = cells_[at(position)];
    RandomStream random(noise.seed, Purpose::kNoise, noise.copy, static_cast<uint32_t>(cell));
    std::vector<double> draws(at(stride));
    for (int64_t c = 0; c < encoder().chromosomes(); ++c) {
      for (double& draw : draws) draw = noise.deviation * random.normal();
      const auto added = chromosomes[at(c)].lower_times(draws);
      float* sum = sums_.data() + (position * encoder().chromosomes() + c) * stride;
      for (size_t d = 0; d < added.size(); ++d) sum[d] += static_cast<float>(added[d]);
    }
    auto& own = moved_[at(position)];
    own = cis_.masked({}, model_.replacements());
    const auto open = model_.open().row(cell);
    for (size_t slot = 0; slot < cis_.peaks().size(); ++slot) {
      const double x = std::binary_search(open.begin(), open.end(), cis_.peaks()[slot]) ? 1 : 0;
      own.peaks.push_back(
          {static_cast<int32_t>(slot), static_cast<float>(x + noise.deviation * random.normal())});
    }
  });
  renew_moved();
}

void SurrogateState::open_gates(std::span<const CellGates> gates) {
  if (static_cast<int64_t>(gates.size()) != cell_count()) {
    throw internal_error("gates of {} cells for {}", gates.size(), cell_count());
  }
  const int64_t stride = encoder().sum_stride();
  model_.pool().for_each(cell_count(), [&](int64_t position) {
    const auto open = model_.open().row(cells_[at(position)]);
    const auto& own = gates[at(position)];
    auto& moved = moved_[at(position)];
    moved = cis_.masked({}, model_.replacements());
    size_t next_open = 0;
    size_t slot = 0;
    for (size_t i = 0; i < own.features.size(); ++i) {
      const Feature j = own.features[i];
      const float gate = own.gates[i];
      if (gate == 0) continue;
      while (next_open < open.size() && open[next_open] < j) ++next_open;
      const float x = next_open < open.size() && open[next_open] == j ? 1.0f : 0.0f;
      const int64_t row = position * encoder().chromosomes() + encoder().chromosome_of(j);
      model_.mask_in_sum(j, x, sums_.data() + row * stride, gate);
      while (slot < cis_.peaks().size() && cis_.peaks()[slot] < j) ++slot;
      if (slot < cis_.peaks().size() && cis_.peaks()[slot] == j) {
        moved.peaks.push_back(
            {static_cast<int32_t>(slot),
             gate == 1 ? model_.replacement(j) : x + gate * (model_.replacement(j) - x)});
      }
    }
  });
  renew_moved();
}

void SurrogateState::renew_moved() {
  model_.pool().for_blocks(cell_count(), kTailRows, [&](int64_t begin, int64_t end, int64_t) {
    const int64_t latents = encoder().latent();
    std::vector<const float*> scratch;
    std::vector<float> in(at(kTailRows * latents), 0.0f);
    std::vector<float> out(at(kTailRows * layer_.size()));
    CisOutputs::Row room(cis_);
    CisRows fixed(*this);
    for (int64_t position = begin; position < end; ++position) {
      for (int64_t c = 0; c < encoder().chromosomes(); ++c) {
        const int64_t row = position * encoder().chromosomes() + c;
        encoder().contribution(c, sums_.data() + row * encoder().sum_stride(),
                               contributions_.data() + row * encoder().latent_stride());
      }
      if (!cis_.empty()) {
        cis_.fix(cells_[at(position)], moved_[at(position)], room,
                 cis_fixed_.data() + position * cis_.stride());
      }
      fixed.add(position, {});
      renew_latent(position, scratch);
      latent(position, {}, scratch, in.data() + (position - begin) * latents);
    }
    predict(in.data(), fixed.rows(), 1, out.data());
    std::copy_n(out.data(), (end - begin) * layer_.size(), outputs_.data() + begin * layer_.size());
  });
}

std::span<const CholeskyFactor> SurrogateModel::noise_covariances() const {
  std::call_once(covariances_once_, [&] {
    for (int64_t c = 0; c < encoder().chromosomes(); ++c) {
      covariances_.emplace_back(encoder().difference_products(c));
    }
  });
  return covariances_;
}

std::unique_ptr<GradientState> SurrogateModel::begin_relaxed(std::span<const int32_t> cells,
                                                             std::span<const int32_t> outputs,
                                                             const Relaxation& relaxation) const {
  auto state = std::make_unique<SurrogateState>(*this, cells, outputs);
  if (const auto* noise = std::get_if<Noise>(&relaxation)) {
    state->add_noise(*noise, noise_covariances());
  } else {
    state->open_gates(std::get<std::span<const CellGates>>(relaxation));
  }
  return state;
}

}  // namespace grids::core
