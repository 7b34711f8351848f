/// Counts of a gene in some cells, laid out for the regression over settings.
#pragma once

#include <span>
#include <vector>

#include "redundancy/judge_redundancy.hpp"

namespace grids::core {

/// Values at some positions.
std::vector<double> kept_values(const std::vector<double>& values,
                                const std::vector<int32_t>& kept);

/// Those of the cells at these positions (of `cells.cells`), their contrast prepared anew.
JudgedCells some_of(const Study& study, const JudgedCells& cells,
                    std::span<const int32_t> positions, const RedundancyOptions& options);

/// A set's regression on some cells; what it borrows is held here. `other`: of each of
/// `cells.cells`.
struct Measurement {
  Measurement(const Study& study, int32_t gene, std::span<const Element> elements,
              const JudgedCells& cells, const std::vector<double>& other);
  Measurement(const Measurement&) = delete;
  Measurement& operator=(const Measurement&) = delete;

  std::vector<double> counts, other_terms;
  std::vector<Setting> settings;
  SettingData data;
};

}  // namespace grids::core
