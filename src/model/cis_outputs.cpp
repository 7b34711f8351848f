#include "model/cis_outputs.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "math/lanes.hpp"
#include "model/cis_kernels.hpp"

namespace grids::core {
namespace {

/// Rates of the cis path are shares of a cell's RNA, predictions are of counts per 100,000.
const double kLogScale = std::log(1e5);

}  // namespace

CisOutputs::CisOutputs(const CisContribution& contribution, std::span<const int32_t> genes,
                       const CsrPattern& cells_of_peaks)
    : CisOutputs(contribution, genes, [&](std::span<const int32_t> peaks) {
        return transpose(select_rows(cells_of_peaks, peaks));
      }) {}

CisOutputs::CisOutputs(const CisContribution& contribution, std::span<const int32_t> genes,
                       const std::function<CsrPattern(std::span<const int32_t> peaks)>& open_of) {
  if (contribution.path == nullptr) return;
  const CisPath& path = *contribution.path;
  cells_ = &contribution;
  counts_ = path.response == CisResponse::kCounts;
  width_ = static_cast<int64_t>(genes.size());
  latents_ = path.latents;
  std::vector<const CisGene*> found;
  for (size_t column = 0; column < genes.size(); ++column) {
    const int64_t place = path.find(genes[column]);
    if (place < 0 || !on_cis_path(path.genes[at(place)], contribution.asked)) continue;
    columns_.push_back(static_cast<int32_t>(column));
    found.push_back(&path.genes[at(place)]);
    for (const auto& term : found.back()->terms) {
      peaks_.insert(peaks_.end(), term.peaks.begin(), term.peaks.end());
    }
  }
  std::sort(peaks_.begin(), peaks_.end());
  peaks_.erase(std::unique(peaks_.begin(), peaks_.end()), peaks_.end());
  CsrPattern slots_of_outputs;
  slots_of_outputs.columns = static_cast<int64_t>(peaks_.size());
  for (const CisGene* gene : found) {
    const size_t first = term_slots_.size();
    add_gene(*gene);
    std::vector<int32_t> slots(term_slots_.begin() + static_cast<std::ptrdiff_t>(first),
                               term_slots_.end());
    std::sort(slots.begin(), slots.end());
    slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
    slots_of_outputs.indices.insert(slots_of_outputs.indices.end(), slots.begin(), slots.end());
    slots_of_outputs.offsets.push_back(slots_of_outputs.nonzeros());
    ++slots_of_outputs.rows;
  }
  outputs_of_slots_ = transpose(slots_of_outputs);
  open_ = open_of(peaks_);
  stride_ = padded(size());
  coefficients_.assign(at(latents_ * stride_), 0.0f);
  for (size_t k = 0; k < found.size(); ++k) {
    for (int64_t l = 0; l < latents_; ++l) {
      const double coefficient = found[k]->state[at(path.first_latent() + l)];
      coefficients_[at(l * stride_) + k] = static_cast<float>(coefficient);
    }
  }
}

void CisOutputs::add_gene(const CisGene& gene) {
  Gene added{&gene, static_cast<int64_t>(terms_.size()), 0};
  for (const auto& term : gene.terms) {
    Term packed{term.kind, static_cast<int64_t>(term_slots_.size()), 0,
                static_cast<int64_t>(weights_.size())};
    for (const Feature peak : term.peaks) term_slots_.push_back(slot_of(peak));
    packed.slots_end = static_cast<int64_t>(term_slots_.size());
    for (int32_t type = 0; type < cells_->path->types; ++type) {
      const double weight = term.weight_in(type);
      weights_.push_back(gene.sum == TermSum::kAdd ? std::expm1(weight) : weight);
    }
    terms_.push_back(packed);
  }
  added.terms_end = static_cast<int64_t>(terms_.size());
  genes_.push_back(added);
}

int32_t CisOutputs::slot_of(Feature peak) const {
  const auto found = std::lower_bound(peaks_.begin(), peaks_.end(), peak);
  return found != peaks_.end() && *found == peak ? static_cast<int32_t>(found - peaks_.begin())
                                                 : -1;
}

CisOutputs::Masked CisOutputs::masked(std::span<const Feature> subset,
                                      std::span<const float> replacement) const {
  Masked result;
  for (int64_t k = 0; k < size(); ++k) result.outputs.push_back(static_cast<int32_t>(k));
  for (const Feature peak : subset) {
    const int32_t slot = slot_of(peak);
    if (slot >= 0) result.peaks.push_back({slot, replacement[at(peak)]});
  }
  return result;
}

CisOutputs::Masked CisOutputs::concerned(std::span<const Feature> subset,
                                         std::span<const float> replacement) const {
  Masked result;
  for (const Feature peak : subset) {
    const int32_t slot = slot_of(peak);
    if (slot < 0) continue;
    result.peaks.push_back({slot, replacement[at(peak)]});
    const auto outputs = outputs_of_slots_.row(slot);
    result.outputs.insert(result.outputs.end(), outputs.begin(), outputs.end());
  }
  std::sort(result.outputs.begin(), result.outputs.end());
  result.outputs.erase(std::unique(result.outputs.begin(), result.outputs.end()),
                       result.outputs.end());
  return result;
}

CisOutputs::Masked CisOutputs::masked(std::span<const Feature> subset, Edit edit,
                                      std::span<const float> replacement) const {
  Masked result;
  for (const Feature peak : {edit.out, edit.in}) {
    const int32_t slot = peak == kNoFeature ? -1 : slot_of(peak);
    if (slot < 0) continue;
    const auto outputs = outputs_of_slots_.row(slot);
    result.outputs.insert(result.outputs.end(), outputs.begin(), outputs.end());
    if (peak == edit.in) result.peaks.push_back({slot, replacement[at(peak)]});
  }
  if (result.outputs.empty()) return {};
  std::sort(result.outputs.begin(), result.outputs.end());
  result.outputs.erase(std::unique(result.outputs.begin(), result.outputs.end()),
                       result.outputs.end());
  for (const Feature peak : subset) {
    const int32_t slot = peak == edit.out ? -1 : slot_of(peak);
    if (slot >= 0) result.peaks.push_back({slot, replacement[at(peak)]});
  }
  return result;
}

void CisOutputs::open(int32_t cell, const Masked& masked, Row& row) const {
  for (const int32_t slot : open_.row(cell)) row.x_[at(slot)] = 1;
  for (const auto& peak : masked.peaks) row.x_[at(peak.slot)] = peak.value;
}

void CisOutputs::close(int32_t cell, const Masked& masked, Row& row) const {
  for (const int32_t slot : open_.row(cell)) row.x_[at(slot)] = 0;
  for (const auto& peak : masked.peaks) row.x_[at(peak.slot)] = 0;
}

double CisOutputs::term_value(const Term& term, const std::vector<float>& x) const {
  double product = 1;
  for (int64_t i = term.slots_begin; i < term.slots_end; ++i) {
    const double value = x[at(term_slots_[at(i)])];
    product *= term.kind == TermKind::kAll ? value : 1 - value;
  }
  return term.kind == TermKind::kAll ? product : 1 - product;
}

/// Σ weight · value of a gene's terms.
double CisOutputs::cis_sum(const Gene& gene, int32_t type, const std::vector<float>& x) const {
  double sum = 0;
  for (int64_t t = gene.terms_begin; t < gene.terms_end; ++t) {
    sum += weight(terms_[at(t)], type) * term_value(terms_[at(t)], x);
  }
  return sum;
}

void CisOutputs::fix(int32_t cell, const Masked& masked, Row& row, float* fixed) const {
  CisState state;
  state.type = cells_->type[at(cell)];
  if (!cells_->donor.empty()) state.donor = cells_->donor[at(cell)];
  if (!cells_->batch.empty()) state.batch = cells_->batch[at(cell)];
  state.log_open_peaks = cells_->log_open_peaks[at(cell)];
  open(cell, masked, row);
  for (const int32_t k : masked.outputs) {
    const Gene& gene = genes_[at(k)];
    const double sum = cis_sum(gene, state.type, row.x_);
    const double cis =
        gene.gene->sum == TermSum::kAdd ? std::log1p(std::max(sum, kLeastCisSum)) : sum;
    const double rest = cis_state_part(*cells_->path, *gene.gene, state);
    fixed[k] = static_cast<float>((counts_ ? kLogScale : 0) + rest + cis);
  }
  close(cell, masked, row);
}

void CisOutputs::predict(std::span<const float* const> fixed, const float* latents,
                         float* out) const {
  std::vector<float> values(at(stride_));
  for (size_t row = 0; row < fixed.size(); ++row) {
    cis_values(stride_, fixed[row], latents_, latents + static_cast<int64_t>(row) * latents_,
               coefficients_.data(), counts_, values.data());
    float* to = out + static_cast<int64_t>(row) * width_;
    for (size_t k = 0; k < columns_.size(); ++k) to[columns_[k]] = values[k];
  }
}

void CisOutputs::backward(int64_t rows, const float* out, const float* cotangent,
                          float* eta_cotangent, float* latent_gradient) const {
  for (int64_t row = 0; row < rows; ++row) {
    float* eta = eta_cotangent + row * stride_;
    std::fill_n(eta, stride_, 0.0f);
    for (size_t k = 0; k < columns_.size(); ++k) {
      const int64_t i = row * width_ + columns_[k];
      // dF/dη = 1 / (1 + exp(−η)) = 1 − exp(−F).
      if (cotangent[i] != 0) eta[k] = cotangent[i] * (counts_ ? -std::expm1(-out[i]) : 1.0f);
    }
    for (int64_t l = 0; l < latents_; ++l) {
      latent_gradient[row * latents_ + l] += dot(stride_, eta, coefficients_.data() + l * stride_);
    }
  }
}

void CisOutputs::add_gains(int32_t cell, const Masked& masked, std::span<const float> replacement,
                           const float* eta_cotangent, Row& row, std::span<double> sums) const {
  const int32_t type = cells_->type[at(cell)];
  for (const int32_t slot : open_.row(cell)) row.unmasked_[at(slot)] = 1;
  open(cell, masked, row);
  for (size_t k = 0; k < genes_.size(); ++k) {
    if (eta_cotangent[k] == 0) continue;
    const Gene& gene = genes_[k];
    double scale = eta_cotangent[k];
    if (gene.gene->sum == TermSum::kAdd) {
      const double sum = cis_sum(gene, type, row.x_);
      if (sum <= kLeastCisSum) continue;  // held there: nothing changes it
      scale /= 1 + sum;
    }
    for (int64_t t = gene.terms_begin; t < gene.terms_end; ++t) {
      const Term& term = terms_[at(t)];
      for (int64_t i = term.slots_begin; i < term.slots_end; ++i) {
        double slope = scale * weight(term, type);
        for (int64_t other = term.slots_begin; other < term.slots_end; ++other) {
          if (other == i) continue;
          const double x = row.x_[at(term_slots_[at(other)])];
          slope *= term.kind == TermKind::kAll ? x : 1 - x;
        }
        if (slope == 0) continue;
        const int32_t slot = term_slots_[at(i)];
        const double p = replacement[at(peaks_[at(slot)])];
        sums[at(slot)] += slope * (p - double{row.unmasked_[at(slot)]});
      }
    }
  }
  close(cell, masked, row);
  for (const int32_t slot : open_.row(cell)) row.unmasked_[at(slot)] = 0;
}

}  // namespace grids::core
