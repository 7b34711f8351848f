#include "math/silhouette.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "math/group_sample.hpp"

namespace grids::core {
namespace {

/// Of each cell; NaN where it has none.
std::vector<double> of_cells(std::span<const float> points, int64_t dimensions,
                             std::span<const int32_t> groups, std::span<const double> sizes,
                             const Context& context) {
  const auto cells = static_cast<int64_t>(groups.size());
  std::vector<double> result(at(cells), kNaN);
  context.pool.for_blocks(cells, 64, [&](int64_t begin, int64_t end, int64_t) {
    context.check_cancelled();
    std::vector<double> sum(sizes.size());
    for (int64_t i = begin; i < end; ++i) {
      std::fill(sum.begin(), sum.end(), 0.0);
      for (int64_t j = 0; j < cells; ++j) {
        double squares = 0;
        for (int64_t d = 0; d < dimensions; ++d) {
          const double gap =
              static_cast<double>(points[at(i * dimensions + d)]) - points[at(j * dimensions + d)];
          squares += gap * gap;
        }
        sum[at(groups[at(j)])] += std::sqrt(squares);
      }
      const size_t own = at(groups[at(i)]);
      double nearest = std::numeric_limits<double>::infinity();
      for (size_t group = 0; group < sizes.size(); ++group) {
        if (group == own || sizes[group] == 0) continue;
        nearest = std::min(nearest, sum[group] / sizes[group]);
      }
      if (sizes[own] < 2 || std::isinf(nearest)) continue;
      const double within = sum[own] / (sizes[own] - 1);
      const double larger = std::max(within, nearest);
      result[at(i)] = larger > 0 ? (nearest - within) / larger : 0;
    }
  });
  return result;
}

/// The rows of the cells, and their groups.
struct Sample {
  std::vector<float> points;
  std::vector<int32_t> groups;
};

Sample take(std::span<const float> points, int64_t dimensions, std::span<const int32_t> groups,
            std::span<const int32_t> cells) {
  Sample sample;
  for (const int32_t cell : cells) {
    const auto row = points.subspan(at(cell * dimensions), at(dimensions));
    sample.points.insert(sample.points.end(), row.begin(), row.end());
    sample.groups.push_back(groups[at(cell)]);
  }
  return sample;
}

}  // namespace

Silhouette silhouette(std::span<const float> points, int64_t dimensions,
                      std::span<const int32_t> groups, int64_t group_count, const Context& context,
                      int64_t most_cells) {
  const auto all = group_sizes(groups, group_count);
  auto sizes = all;
  Sample sample;
  if (std::ssize(groups) > most_cells) {
    const auto cells = group_sample(groups, group_count, most_cells, context.seed);
    sample = take(points, dimensions, groups, cells);
    points = sample.points;
    groups = sample.groups;
    sizes = group_sizes(groups, group_count);
  }
  const auto of_cell = of_cells(points, dimensions, groups, sizes, context);
  Silhouette result;
  result.of_group.assign(at(group_count), 0);
  double judged = 0;
  for (size_t i = 0; i < of_cell.size(); ++i) {
    const size_t group = at(groups[i]);
    result.of_group[group] += of_cell[i];
    if (std::isnan(of_cell[i])) continue;
    const double weight = all[group] / sizes[group];  // 1 where all cells are taken
    result.mean += weight * of_cell[i];
    judged += weight;
  }
  for (size_t group = 0; group < sizes.size(); ++group) result.of_group[group] /= sizes[group];
  result.mean /= judged;
  return result;
}

}  // namespace grids::core
