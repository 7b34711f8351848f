/// Which genes lie near which peaks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <span>
#include <vector>

#include "study/study.hpp"

namespace grids::core {

/// Of a list of genes, by place in the list: those within `window` bp (of any of their TSSs) of
/// peaks. Borrows study and list.
class NearGenes {
 public:
  NearGenes(const Study& study, const std::vector<int32_t>& genes, int64_t window)
      : study_(study), genes_(genes), window_(window) {}

  bool is_near(size_t place, int32_t peak) const {
    const auto distance = distance_to_tss(study_, genes_[place], peak);
    return distance && std::abs(*distance) <= window_;
  }

  /// Places of the genes that have one of the peaks near, ascending.
  std::vector<size_t> near(std::span<const int32_t> peaks) const {
    std::vector<size_t> places;
    for (size_t place = 0; place < genes_.size(); ++place) {
      if (std::any_of(peaks.begin(), peaks.end(),
                      [&](int32_t peak) { return is_near(place, peak); })) {
        places.push_back(place);
      }
    }
    return places;
  }

  /// Of the peaks those that lie near one of the genes at these places.
  std::vector<int32_t> near_any(std::span<const size_t> places,
                                std::span<const int32_t> peaks) const {
    std::vector<int32_t> found;
    std::copy_if(peaks.begin(), peaks.end(), std::back_inserter(found), [&](int32_t peak) {
      return std::any_of(places.begin(), places.end(),
                         [&](size_t place) { return is_near(place, peak); });
    });
    return found;
  }

  /// The genes at these places.
  std::vector<int32_t> at_places(std::span<const size_t> places) const {
    std::vector<int32_t> genes;
    genes.reserve(places.size());
    for (const size_t place : places) genes.push_back(genes_[place]);
    return genes;
  }

 private:
  const Study& study_;
  const std::vector<int32_t>& genes_;
  int64_t window_;
};

}  // namespace grids::core
