#include "math/neighbour_votes.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "base/nan.hpp"

namespace grids::core {

NeighbourVotes neighbour_votes(const Neighbours& neighbours, std::span<const int32_t> labels) {
  NeighbourVotes result;
  result.label.assign(at(neighbours.cells), -1);
  result.agreement.assign(at(neighbours.cells), kNaN);
  std::vector<int32_t> of_neighbours;
  for (int64_t query = 0; neighbours.count > 0 && query < neighbours.cells; ++query) {
    of_neighbours.clear();
    for (const int32_t other : neighbours.of(query)) of_neighbours.push_back(labels[at(other)]);
    int64_t most = 0;
    for (const int32_t label : of_neighbours) {  // the nearest first: it wins among equals
      const int64_t votes = std::count(of_neighbours.begin(), of_neighbours.end(), label);
      if (votes <= most) continue;
      most = votes;
      result.label[at(query)] = label;
    }
    result.agreement[at(query)] = static_cast<double>(most) / static_cast<double>(neighbours.count);
  }
  return result;
}

}  // namespace grids::core
