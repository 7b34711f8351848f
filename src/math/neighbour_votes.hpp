/// A label for each point, from those of its nearest neighbours.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/neighbours.hpp"

namespace grids::core {

struct NeighbourVotes {
  std::vector<int32_t> label;     ///< of each query; −1 without neighbours
  std::vector<double> agreement;  ///< the share of its neighbours that have it
};

/// The label that most neighbours have; of several that equally many have, that of the nearest.
/// `labels`: of each reference, from 0.
NeighbourVotes neighbour_votes(const Neighbours& neighbours, std::span<const int32_t> labels);

}  // namespace grids::core
