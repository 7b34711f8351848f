/// A graph of near points in which a walk finds the nearest ones of a query without looking at all:
/// hierarchical navigable small worlds (Malkov & Yashunin 2018), by hnswlib.
///
/// Points are put in one after the other in their own order, with levels from one fixed stream, so
/// the graph is the same for any number of threads. It is asked from many at once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/context.hpp"

namespace grids::core {

/// By which of two points the nearer is told.
enum class GraphMetric : uint8_t {
  kSquare,   ///< |a − b|²
  kProduct,  ///< 1 − ⟨a, b⟩, for points of length 1
};

class NeighbourGraph {
 public:
  /// `points` is points × dimensions, row-major; a copy is kept. Throws Error(kCancelled).
  NeighbourGraph(std::span<const float> points, int64_t dimensions, GraphMetric metric,
                 const Context& context);
  ~NeighbourGraph();
  NeighbourGraph(const NeighbourGraph&) = delete;
  NeighbourGraph& operator=(const NeighbourGraph&) = delete;

  /// Up to `count` of the points nearest to a query, in no order; now and then one is missed, and
  /// seldom fewer come than there are.
  std::vector<int32_t> near(const float* query, int64_t count) const;

 private:
  struct Index;
  std::unique_ptr<Index> index_;
};

}  // namespace grids::core
