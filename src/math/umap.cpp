#include "math/umap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "math/neighbours.hpp"
#include "math/symmetric_eigen.hpp"

namespace grids::core {
namespace {

/// An edge of the neighbour graph in one direction.
struct Pull {
  int32_t head;
  int32_t tail;
  float weight;  // probability that the two are neighbours
};

/// The width sigma of a cell's kernel exp(−(distance − nearest) / sigma) for which its neighbours
/// weigh log2(their number) together (section 3.1 of the paper).
double kernel_width(std::span<const float> distances, double nearest) {
  const double wanted = std::log2(static_cast<double>(distances.size()));
  double low = 0;
  double high = std::numeric_limits<double>::infinity();
  double width = 1;
  for (int step = 0; step < 64; ++step) {
    double sum = 0;
    for (const float distance : distances)
      sum += std::exp(-std::max(0.0, distance - nearest) / width);
    if (std::abs(sum - wanted) < 1e-5) break;
    (sum > wanted ? high : low) = width;
    width = std::isinf(high) ? width * 2 : (low + high) / 2;
  }
  return width;
}

/// Both directions of every edge, with the probability that either end calls the other a neighbour;
/// ordered by head, then tail.
std::vector<Pull> neighbour_graph(const Neighbours& neighbours) {
  std::vector<Pull> pulls;
  const auto count = static_cast<size_t>(neighbours.count);
  for (int64_t cell = 0; cell < neighbours.cells; ++cell) {
    const std::span distances(neighbours.distance.data() + cell * neighbours.count, count);
    double mean = 0;
    for (const float distance : distances) mean += distance / static_cast<double>(count);
    const double nearest = distances.front();
    // Cells with many copies of themselves would get no width at all.
    const double width = std::max({kernel_width(distances, nearest), 1e-3 * mean, 1e-12});
    for (size_t i = 0; i < count; ++i) {
      const auto weight =
          static_cast<float>(std::exp(-std::max(0.0, distances[i] - nearest) / width));
      const int32_t other = neighbours.of(cell)[i];
      pulls.push_back({static_cast<int32_t>(cell), other, weight});
      pulls.push_back({other, static_cast<int32_t>(cell), weight});
    }
  }
  std::stable_sort(pulls.begin(), pulls.end(), [](const Pull& a, const Pull& b) {
    return a.head != b.head ? a.head < b.head : a.tail < b.tail;
  });
  std::vector<Pull> merged;
  for (const Pull& pull : pulls) {
    if (merged.empty() || merged.back().head != pull.head || merged.back().tail != pull.tail) {
      merged.push_back(pull);
    } else {
      merged.back().weight += pull.weight - merged.back().weight * pull.weight;
    }
  }
  return merged;
}

/// Similarity in the map is 1 / (1 + a · distance^(2b)).
struct SimilarityCurve {
  double a;
  double b;
};

/// The curve closest, in squares over distances up to 3, to 1 below the minimum distance and
/// exp(minimum − distance) above it. Gauss–Newton, damped.
SimilarityCurve similarity_curve(double minimum_distance) {
  constexpr int kPoints = 300;
  const auto loss = [&](SimilarityCurve curve, double* gradient, double* hessian) {
    double sum = 0;
    for (int i = 1; i <= kPoints; ++i) {
      const double x = 3.0 * i / kPoints;
      const double wanted = x < minimum_distance ? 1 : std::exp(minimum_distance - x);
      const double power = std::pow(x, 2 * curve.b);
      const double value = 1 / (1 + curve.a * power);
      const double by_a = -value * value * power;
      const double by_b = by_a * curve.a * 2 * std::log(x);
      sum += (value - wanted) * (value - wanted);
      if (gradient == nullptr) continue;
      gradient[0] += by_a * (value - wanted);
      gradient[1] += by_b * (value - wanted);
      hessian[0] += by_a * by_a;
      hessian[1] += by_a * by_b;
      hessian[2] += by_b * by_b;
    }
    return sum;
  };
  SimilarityCurve curve{1, 1};
  double damping = 1e-3;
  for (int step = 0; step < 100; ++step) {
    double g[2] = {0, 0};
    double h[3] = {0, 0, 0};
    const double before = loss(curve, g, h);
    const double h0 = h[0] * (1 + damping);
    const double h2 = h[2] * (1 + damping);
    const double determinant = h0 * h2 - h[1] * h[1];
    const SimilarityCurve next{curve.a - (h2 * g[0] - h[1] * g[1]) / determinant,
                               curve.b - (h0 * g[1] - h[1] * g[0]) / determinant};
    if (next.a > 0 && next.b > 0 && loss(next, nullptr, nullptr) <= before) {
      curve = next;
      damping /= 3;
    } else {
      damping *= 5;
    }
  }
  return curve;
}

/// Pulls neighbours together and pushes random cells apart, an edge of weight w in w / heaviest of
/// the epochs (section 3.2).
void descend(std::span<const Pull> pulls, int64_t cells, const UmapOptions& options,
             RandomStream& random, const Context& context, std::span<float> map) {
  const SimilarityCurve curve = similarity_curve(options.minimum_distance);
  const auto a = static_cast<float>(curve.a);
  const auto b = static_cast<float>(curve.b);
  float heaviest = 0;
  for (const Pull& pull : pulls) heaviest = std::max(heaviest, pull.weight);
  std::vector<float> due(pulls.size());
  for (size_t i = 0; i < pulls.size(); ++i) due[i] = heaviest / pulls[i].weight;

  const auto clipped = [](float step) { return std::clamp(step, -4.0f, 4.0f); };
  Progress progress(context, "map of the cells", options.epochs);
  for (int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    const float rate = 1 - static_cast<float>(epoch) / static_cast<float>(options.epochs);
    for (size_t i = 0; i < pulls.size(); ++i) {
      if (due[i] > static_cast<float>(epoch + 1)) continue;
      due[i] += heaviest / pulls[i].weight;
      float* head = map.data() + 2 * at(pulls[i].head);
      float* tail = map.data() + 2 * at(pulls[i].tail);
      const float gap_x = head[0] - tail[0];
      const float gap_y = head[1] - tail[1];
      const float squares = gap_x * gap_x + gap_y * gap_y;
      if (squares > 0) {
        const float power = std::pow(squares, b);
        const float force = -2 * a * b * power / (squares * (1 + a * power));
        head[0] += rate * clipped(force * gap_x);
        head[1] += rate * clipped(force * gap_y);
        tail[0] -= rate * clipped(force * gap_x);
        tail[1] -= rate * clipped(force * gap_y);
      }
      for (int64_t push = 0; push < options.repulsions; ++push) {
        const auto other = random.below(static_cast<uint32_t>(cells));
        if (static_cast<int32_t>(other) == pulls[i].head) continue;
        const float* from = map.data() + 2 * static_cast<size_t>(other);
        const float away_x = head[0] - from[0];
        const float away_y = head[1] - from[1];
        const float distance = away_x * away_x + away_y * away_y;
        const float force = 2 * b / ((0.001f + distance) * (1 + a * std::pow(distance, b)));
        head[0] += rate * clipped(force * away_x);
        head[1] += rate * clipped(force * away_y);
      }
    }
    progress.advance();
  }
}

/// The first two principal components, in units of the first one's standard deviation.
std::vector<double> first_two_components(std::span<const float> points, int64_t dimensions) {
  const auto cells = static_cast<int64_t>(points.size()) / dimensions;
  std::vector<double> mean(at(dimensions));
  for (int64_t i = 0; i < cells; ++i) {
    for (int64_t d = 0; d < dimensions; ++d) {
      mean[at(d)] += points[at(i * dimensions + d)] / static_cast<double>(cells);
    }
  }
  std::vector<double> covariance(at(dimensions * dimensions));
  std::vector<double> row(at(dimensions));
  const auto centre = [&](int64_t i) {
    for (int64_t d = 0; d < dimensions; ++d) {
      row[at(d)] = points[at(i * dimensions + d)] - mean[at(d)];
    }
  };
  for (int64_t i = 0; i < cells; ++i) {
    centre(i);
    for (int64_t a = 0; a < dimensions; ++a) {
      for (int64_t b = 0; b < dimensions; ++b) {
        covariance[at(a * dimensions + b)] += row[at(a)] * row[at(b)] / static_cast<double>(cells);
      }
    }
  }
  const auto eigen = symmetric_eigen(std::move(covariance), dimensions);
  const double spread = std::sqrt(std::max(eigen.values[0], 1e-30));
  std::vector<double> scores(at(cells * 2));
  for (int64_t i = 0; i < cells; ++i) {
    centre(i);
    for (int64_t c = 0; c < std::min<int64_t>(2, dimensions); ++c) {
      double sum = 0;
      for (int64_t d = 0; d < dimensions; ++d) {
        sum += row[at(d)] * eigen.vectors[at(d * dimensions + c)];
      }
      scores[at(i * 2 + c)] = sum / spread;
    }
  }
  return scores;
}

}  // namespace

void UmapOptions::describe(OptionSet& set) {
  set.inner("neighbours", neighbours, at_least(2));
  set.inner("minimum-distance", minimum_distance, above(0));
  set.inner("epochs", epochs, at_least(1));
  set.inner("repulsions", repulsions, at_least(0));
}

std::vector<float> umap(std::span<const float> points, int64_t dimensions,
                        const UmapOptions& options, const Context& context) {
  validate(options, "UMAP options");
  const auto cells = static_cast<int64_t>(points.size()) / dimensions;
  if (cells < 4) throw input_error("a map of {} cells says nothing; it needs 4", cells);
  const auto neighbours =
      nearest_neighbours(points, dimensions, {options.neighbours, Distance::kCosine}, context);

  RandomStream random(context.seed, Purpose::kLayout);
  const auto start = first_two_components(points, dimensions);
  std::vector<float> coordinates(at(cells * 2));
  for (size_t i = 0; i < coordinates.size(); ++i) {
    // Some ten units wide, and never two cells at one spot: forces between those have no direction.
    coordinates[i] = static_cast<float>(3 * start[i] + 1e-3 * random.normal());
  }
  descend(neighbour_graph(neighbours), cells, options, random, context, coordinates);
  return coordinates;
}

}  // namespace grids::core
