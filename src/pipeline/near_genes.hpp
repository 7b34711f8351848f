/// Which genes lie near which peaks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
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

 private:
  const Study& study_;
  const std::vector<int32_t>& genes_;
  int64_t window_;
};

}  // namespace grids::core
