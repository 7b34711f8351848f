/// A few cells that stand for very many, none of the groups left out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids::core {

/// How many members each group has; `groups` holds a code below `group_count` for each row.
std::vector<double> group_sizes(std::span<const int32_t> groups, int64_t group_count);

/// Rows, ascending: all where there are no more than `most`, else so many of them, drawn by the
/// seed: all of a small group, and as many of each larger one. In a mean over them a group then
/// weighs as many rows as it has.
std::vector<int32_t> group_sample(std::span<const int32_t> groups, int64_t group_count,
                                  int64_t most, uint64_t seed);

}  // namespace grids::core
