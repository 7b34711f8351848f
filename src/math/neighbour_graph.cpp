#include "math/neighbour_graph.hpp"

// Its own distances are compiled for one instruction set; ours below give every machine the same.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include <algorithm>

namespace grids::core {
namespace {

/// Links of a point, and candidates that are looked at while one is put in or asked for. Larger
/// values find more and cost more.
constexpr size_t kLinks = 16;
constexpr size_t kCandidatesPutIn = 80;
constexpr int64_t kLeastCandidatesAsked = 80;
constexpr int64_t kCandidatesPerNeighbour = 3;

/// Points between two looks at whether the user wants to stop.
constexpr int64_t kPointsAtOnce = 256;

/// Eight sums, so that the compiler may use vectors without leave to reorder what is added.
constexpr size_t kSums = 8;

template <typename Term>
float sum_over(size_t dimensions, const Term& term) {
  float sums[kSums] = {};
  size_t i = 0;
  for (; i + kSums <= dimensions; i += kSums) {
    for (size_t k = 0; k < kSums; ++k) sums[k] += term(i + k);
  }
  for (; i < dimensions; ++i) sums[0] += term(i);
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

float square_distance(const void* left, const void* right, const void* dimensions) {
  const auto* a = static_cast<const float*>(left);
  const auto* b = static_cast<const float*>(right);
  return sum_over(*static_cast<const size_t*>(dimensions),
                  [&](size_t i) { return (a[i] - b[i]) * (a[i] - b[i]); });
}

float product_distance(const void* left, const void* right, const void* dimensions) {
  const auto* a = static_cast<const float*>(left);
  const auto* b = static_cast<const float*>(right);
  return 1 -
         sum_over(*static_cast<const size_t*>(dimensions), [&](size_t i) { return a[i] * b[i]; });
}

class PointSpace : public hnswlib::SpaceInterface<float> {
 public:
  PointSpace(size_t dimensions, GraphMetric metric) : dimensions_(dimensions), metric_(metric) {}

  size_t get_data_size() override { return dimensions_ * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override {
    return metric_ == GraphMetric::kSquare ? square_distance : product_distance;
  }
  void* get_dist_func_param() override { return &dimensions_; }

 private:
  size_t dimensions_;
  GraphMetric metric_;
};

}  // namespace

struct NeighbourGraph::Index {
  Index(size_t points, size_t dimensions, GraphMetric metric)
      : space(dimensions, metric), graph(&space, points, kLinks, kCandidatesPutIn) {}

  PointSpace space;
  hnswlib::HierarchicalNSW<float> graph;
};

NeighbourGraph::NeighbourGraph(std::span<const float> points, int64_t dimensions,
                               GraphMetric metric, const Context& context) {
  const auto count = static_cast<int64_t>(points.size()) / dimensions;
  index_ =
      std::make_unique<Index>(static_cast<size_t>(count), static_cast<size_t>(dimensions), metric);
  Progress progress(context, "neighbours", count);
  for (int64_t first = 0; first < count; first += kPointsAtOnce) {
    const int64_t last = std::min(first + kPointsAtOnce, count);
    for (int64_t point = first; point < last; ++point) {
      index_->graph.addPoint(points.data() + point * dimensions, static_cast<size_t>(point));
    }
    progress.advance(last - first);
  }
}

NeighbourGraph::~NeighbourGraph() = default;

std::vector<int32_t> NeighbourGraph::near(const float* query, int64_t count) const {
  const int64_t asked = std::max(kLeastCandidatesAsked, kCandidatesPerNeighbour * count);
  auto found = index_->graph.searchKnn(query, static_cast<size_t>(asked));
  while (static_cast<int64_t>(found.size()) > count) found.pop();  // the farthest first
  std::vector<int32_t> result;
  result.reserve(found.size());
  for (; !found.empty(); found.pop()) result.push_back(static_cast<int32_t>(found.top().second));
  return result;
}

}  // namespace grids::core
