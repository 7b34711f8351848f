/// Learning curves of a surrogate: training.tsv, which training writes and the report draws.
#pragma once

#include <cstdint>
#include <string>

#include "io/columns.hpp"

namespace grids::core {

struct CurvePoint {
  std::string stage;
  int64_t step = 0;   ///< of the stage, from 1
  std::string split;  ///< "train", "validation"
  std::string loss;
  double value = 0;
};

Columns<CurvePoint> curve_columns();

}  // namespace grids::core
