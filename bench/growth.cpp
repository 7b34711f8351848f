#include <cmath>

#include "search_problem.hpp"
#include "stopwatch.hpp"
#include "support/random_surrogate.hpp"
#include "timings.hpp"

namespace grids::core::bench {
namespace {

/// The sizes of one point; every peak is equally often open.
struct Point {
  int64_t peaks = 32768;
  int64_t open = 1024;  ///< of a cell
  int64_t cells = 256;
  int64_t set_size = 10;
  int64_t candidates = 32;
};

/// One size of a point, by name.
struct Dimension {
  const char* name;
  const char* about;
  int64_t Point::*size;
};

constexpr Dimension kDimensions[] = {
    {"peaks", "peaks, as many open in a cell", &Point::peaks},
    {"open", "open peaks of a cell, as many peaks", &Point::open},
    {"cells", "cells of a step", &Point::cells},
    {"set_size", "L", &Point::set_size},
    {"candidates", "k", &Point::candidates},
};

constexpr int kDoublings = 2;

SurrogateFile surrogate_of(int64_t peaks, uint64_t seed) {
  SurrogateShape shape;
  constexpr int64_t kChromosomes = 24;
  for (int64_t c = 0; c < kChromosomes; ++c) {
    shape.chromosome_peaks.push_back((c + 1) * peaks / kChromosomes - c * peaks / kChromosomes);
  }
  shape.genes = 20;  // a coordinate step at beta 0 reads one
  SurrogateFile file = testing::random_surrogate(shape, seed);
  float* offsets = file.tensors.at("rna_model.decoder.6.bias").f32();
  for (int64_t gene = 0; gene < shape.genes; ++gene) offsets[gene] += 3;
  return file;
}

/// Median seconds of a coordinate step.
double step_seconds(const Point& point, const Bench& bench) {
  const uint64_t seed = bench.context.seed;
  const FoldedSurrogate surrogate(surrogate_of(point.peaks, seed));
  const double density = static_cast<double>(point.open) / static_cast<double>(point.peaks);
  const SurrogateModel model(surrogate,
                             testing::random_open(point.cells, point.peaks, density, seed),
                             replace_by(point.peaks, 0), bench.context.pool);
  const Objective objective = make_search(model, 0, 0);
  SearchOptions options;
  options.set_size = point.set_size;
  options.candidates = point.candidates;
  const auto batch = draw_batch(model, point.cells, seed, 0);
  auto subset = draw_subset(model, point.set_size, seed);
  const auto state = begin(objective, subset);
  size_t coordinate = 0;
  std::vector<double> seconds;
  constexpr int kWarm = 3;
  const int count = bench.settings.small ? 3 : 25;
  for (int i = -kWarm; i < count; ++i) {
    const auto timed = step_on_batch(objective, *state, batch, subset, coordinate, options);
    if (i >= 0) seconds.push_back(timed.seconds());
    const Feature choice = timed.step.candidates[timed.step.best];
    state->apply(edit_of(subset, coordinate, choice));
    subset[coordinate] = choice;
    coordinate = (coordinate + 1) % subset.size();
  }
  return median(seconds);
}

}  // namespace

void time_growth(const Bench& bench) {
  Point base;
  for (const auto& dimension : kDimensions) base.*dimension.size /= bench.sizes.growth_base;
  base.set_size = std::max<int64_t>(1, base.set_size);
  base.candidates = std::max<int64_t>(1, base.candidates);
  const double base_seconds = step_seconds(base, bench);
  for (const auto& dimension : kDimensions) {
    bench.context.check_cancelled();
    const Stopwatch watch;
    Point point = base;
    std::string milliseconds = fmt::format("{:.3g}", 1e3 * base_seconds);
    double seconds = base_seconds;
    for (int i = 0; i < kDoublings; ++i) {
      point.*dimension.size *= 2;
      seconds = step_seconds(point, bench);
      milliseconds += fmt::format(" → {:.3g}", 1e3 * seconds);
    }
    bench.figures.add({fmt::format("growth_{}", dimension.name),
                       std::log2(seconds / base_seconds) / kDoublings,
                       "",
                       {},
                       fmt::format("exponent of {}: {} → {}: {} ms a step", dimension.about,
                                   base.*dimension.size, point.*dimension.size, milliseconds)},
                      watch);
  }
}

}  // namespace grids::core::bench
