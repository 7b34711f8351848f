/// Sets that are judged together: those of one method and L, over all cell types and in each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "validate/pairs.hpp"
#include "validate/validation_row.hpp"

namespace grids::core {

struct PairGroup {
  std::string method;
  std::optional<int64_t> set_size;
  std::string cell_type;      ///< "every": those of all
  std::vector<int32_t> sets;  ///< indices into Pairs::sets, ascending
};

/// In the order of their first sets; of a method with sets in several cell types first those of
/// every, then of each.
std::vector<PairGroup> pair_groups(const Pairs& pairs);

/// A row of this group without figures.
ValidationRow row_of(const PairGroup& group, std::string what, std::string subset);

}  // namespace grids::core
