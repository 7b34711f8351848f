#include "redundancy/fit_rates.hpp"

#include <algorithm>
#include <cmath>

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
    : study_(study),
      gene_(gene_of(surrogate, gene)),
      counts_(surrogate.cis()->response == CisResponse::kCounts),
      cells_(cells) {
  const auto predicted = surrogate.predict(study, cells, {&gene, 1}, pool);
  for (size_t i = 0; i < cells.size(); ++i) {
    const double part =
        cis_part(gene_, study.cells.type.codes[at(cells[i])], study.open.row(cells[i]));
    base_.push_back(counts_ ? std::expm1(double{predicted[i]}) / std::exp(part)
                            : predicted[i] - part);
  }
}

double FitOfGene::mean_rate(const CisMask& mask) const {
  double sum = 0;
  for (size_t i = 0; i < cells_.size(); ++i) {
    const double part =
        cis_part(gene_, study_.cells.type.codes[at(cells_[i])], study_.open.row(cells_[i]), mask);
    sum += counts_ ? base_[i] * std::exp(part) : base_[i] + part;
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
  std::vector<double> result;
  result.reserve(cells_.size());
  for (const int32_t cell : cells_) {
    result.push_back(
        cis_part(gene_, study_.cells.type.codes[at(cell)], study_.open.row(cell), {masks.out, {}}));
  }
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
                     cis_part(gene_, study_.cells.type.codes[at(cells_[i])],
                              study_.open.row(cells_[i]), {mask.out, mask.in}));
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
