#include "redundancy/fit_rates.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {
namespace {

/// Peaks of the elements in, and out of, a setting; ascending.
struct Masks {
  std::vector<int32_t> in, out;
};

Masks masks_of(std::span<const Element> elements, Setting setting) {
  Masks masks;
  for (size_t a = 0; a < elements.size(); ++a) {
    auto& side = (setting & bit_of(a)) != 0 ? masks.in : masks.out;
    side.insert(side.end(), elements[a].peaks.begin(), elements[a].peaks.end());
  }
  std::sort(masks.in.begin(), masks.in.end());
  std::sort(masks.out.begin(), masks.out.end());
  return masks;
}

/// Below this rate (counts per 100,000) a prediction has no logarithm that means anything.
constexpr double kLeastRate = 1e-9;

const CisGene& gene_of(const StudySurrogate& surrogate, int32_t gene) {
  const int64_t place = surrogate.cis() == nullptr ? -1 : surrogate.cis()->find(gene);
  if (place < 0 || surrogate.path_of(gene) == GenePath::kState) {
    throw internal_error("gene {} has no cis path", gene);
  }
  return surrogate.cis()->genes[at(place)];
}

}  // namespace

FitOfGene::FitOfGene(const Study& study, const StudySurrogate& surrogate, int32_t gene,
                     std::span<const int32_t> cells, ThreadPool& pool)
    : FitOfGene(study, surrogate, gene, cells, surrogate.predict(study, cells, {&gene, 1}, pool)) {}

FitOfGene::FitOfGene(const Study& study, const StudySurrogate& surrogate, int32_t gene,
                     const StudySurrogate::CellsToPredict& cells, ThreadPool& pool)
    : FitOfGene(study, surrogate, gene, cells.cells,
                surrogate.predict(study, cells, {&gene, 1}, pool)) {}

FitOfGene::FitOfGene(const Study& study, const StudySurrogate& surrogate, int32_t gene,
                     std::span<const int32_t> cells, const std::vector<float>& predicted)
    : gene_(gene_of(surrogate, gene)),
      counts_(surrogate.cis()->response == CisResponse::kCounts),
      cells_(cells) {
  find_kinds(study);
  const auto part = parts({});
  base_.reserve(cells.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    const double own = part[kind_[i]];
    base_.push_back(counts_ ? std::expm1(double{predicted[i]}) / std::exp(own)
                            : predicted[i] - own);
  }
}

void FitOfGene::find_kinds(const Study& study) {
  std::vector<int32_t> peaks;
  for (const auto& term : gene_.terms) {
    peaks.insert(peaks.end(), term.peaks.begin(), term.peaks.end());
  }
  std::sort(peaks.begin(), peaks.end());
  peaks.erase(std::unique(peaks.begin(), peaks.end()), peaks.end());
  std::map<std::pair<int32_t, std::vector<int32_t>>, size_t> known;
  kind_.reserve(cells_.size());
  for (const int32_t cell : cells_) {
    std::pair<int32_t, std::vector<int32_t>> key = {study.cells.type.codes[at(cell)], {}};
    for (const int32_t peak : peaks) {
      if (study.open.contains(cell, peak)) key.second.push_back(peak);
    }
    const auto [place, fresh] = known.try_emplace(std::move(key), kinds_.size());
    if (fresh) kinds_.push_back({place->first.first, place->first.second});
    kind_.push_back(place->second);
  }
}

std::vector<double> FitOfGene::parts(const CisMask& mask) const {
  std::vector<double> result;
  result.reserve(kinds_.size());
  for (const auto& kind : kinds_) result.push_back(part(kind, mask));
  return result;
}

double FitOfGene::mean_rate(const CisMask& mask) const {
  auto part = parts(mask);
  double sum = 0;
  if (counts_) {
    for (double& own : part) own = std::exp(own);
    for (size_t i = 0; i < base_.size(); ++i) sum += base_[i] * part[kind_[i]];
  } else {
    for (size_t i = 0; i < base_.size(); ++i) sum += base_[i] + part[kind_[i]];
  }
  return sum / static_cast<double>(std::max<size_t>(1, cells_.size()));
}

double FitOfGene::rate(std::span<const Element> elements, Setting open) const {
  const auto masks = masks_of(elements, open);
  return mean_rate({masks.out, masks.in});
}

std::vector<double> FitOfGene::rates(std::span<const Element> elements) const {
  std::vector<double> rates;
  for (Setting setting = 0; setting <= all_open(elements.size()); ++setting) {
    rates.push_back(rate(elements, setting));
  }
  return rates;
}

std::vector<double> FitOfGene::rates_without_others(std::span<const Element> elements) const {
  const auto own = masks_of(elements, 0).out;
  std::vector<int32_t> others;
  for (const auto& term : gene_.terms) {
    for (const int32_t peak : term.peaks) {
      if (!std::binary_search(own.begin(), own.end(), peak)) others.push_back(peak);
    }
  }
  std::vector<double> rates;
  for (Setting setting = 0; setting <= all_open(elements.size()); ++setting) {
    auto masks = masks_of(elements, setting);
    masks.out.insert(masks.out.end(), others.begin(), others.end());
    std::sort(masks.out.begin(), masks.out.end());
    masks.out.erase(std::unique(masks.out.begin(), masks.out.end()), masks.out.end());
    rates.push_back(mean_rate({masks.out, masks.in}));
  }
  return rates;
}

double FitOfGene::rate_without(std::span<const Element> elements, Setting closed) const {
  const auto masks = masks_of(elements, closed);
  return mean_rate({masks.in, {}});
}

std::vector<double> FitOfGene::other_terms(std::span<const Element> elements) const {
  const auto masks = masks_of(elements, 0);
  const auto part = parts({masks.out, {}});
  std::vector<double> result;
  result.reserve(kind_.size());
  for (const size_t kind : kind_) result.push_back(part[kind]);
  return result;
}

std::vector<double> FitOfGene::log_rates(std::span<const Element> elements,
                                         std::span<const Setting> settings) const {
  std::vector<Masks> masks;
  for (Setting setting = 0; setting <= all_open(elements.size()); ++setting) {
    masks.push_back(masks_of(elements, setting));
  }
  std::vector<double> result;
  result.reserve(cells_.size());
  for (size_t i = 0; i < cells_.size(); ++i) {
    const auto& mask = masks[settings[i]];
    result.push_back(std::log(std::max(kLeastRate, base_[i])) +
                     part(kinds_[kind_[i]], {mask.out, mask.in}));
  }
  return result;
}

bool FitOfGene::joins(std::span<const Element> elements) const {
  return std::any_of(gene_.terms.begin(), gene_.terms.end(), [&](const CisTerm& term) {
    const auto touched =
        std::count_if(elements.begin(), elements.end(), [&](const Element& element) {
          return std::find_first_of(term.peaks.begin(), term.peaks.end(), element.peaks.begin(),
                                    element.peaks.end()) != term.peaks.end();
        });
    return touched > 1;
  });
}

}  // namespace grids::core
