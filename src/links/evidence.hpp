/// Measured expression beside the prediction by how many elements of a set are open: what a reader
/// looks at first, and no test. Type and depth are not held constant; the contrast holds them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "explain/explain_stage.hpp"
#include "io/columns.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Test cells of a set's type in which so many of its elements are open.
struct OpenElements {
  std::string cell_type;
  std::string gene;
  int64_t open = 0;
  int64_t cells = 0;
  double measured = 0;  ///< mean of expm1 of the expression: counts per 100,000 of counts
  double low = 0;       ///< its 95 % interval, normal; NaN for a single cell
  double high = 0;
  double predicted = 0;  ///< the same of the prediction, nothing masked
};

/// Elements (redundancy/elements.hpp) of the minimal sub-set and the partners, of the whole set
/// where that has no minimal one. Numbers of open elements that no cell has are left out; none
/// where the RNA of these cells was not measured.
std::vector<OpenElements> evidence_of(const Study& study,
                                      std::span<const ExplainedTarget> explained);

/// evidence.tsv.
Columns<OpenElements> evidence_columns();

}  // namespace grids::core
