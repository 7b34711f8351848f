/// A split that holds out whole donors or batches: what is found in some is asked of others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "prepare/split.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Fewer donors or batches than this cannot be split: hardly one would be left to learn from beside
/// those of the other parts.
inline constexpr size_t kFewestUnits = 5;

/// The split of each cell: that of its unit. Each part has a unit at least, the others go to the
/// part that lags furthest behind its share of cells, in an order that is drawn anew until each
/// type is in each part; of several such, the one whose shares are nearest to those asked for. The
/// draw depends on the seed and on the order of types and units, never on what they are called.
/// Where `type` is empty, all cells count as one. `word`: "donor" or "batch", for messages. Throws
/// Error(kInput) that names the units and the types that stand against it.
std::vector<Split> split_units(const Categorical& type, const Categorical& unit,
                               std::string_view word, const SplitOptions& options, uint64_t seed);

/// Types without a cell in one of the parts that are asked for.
std::vector<std::string> types_lacking_a_part(const CellTable& cells, const SplitOptions& options);

}  // namespace grids::core
