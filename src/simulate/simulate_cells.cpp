#include "simulate/simulate_cells.hpp"

#include <fmt/core.h>

#include <cmath>
#include <numeric>

#include "base/at.hpp"
#include "simulate/simulate_draws.hpp"

namespace grids::core::simulation {
namespace {

constexpr double kMarkerMean = 1.6;   // score of a type's own programme in that type
constexpr double kMarkerState = 0.2;  // standard deviation of its state part within a type
constexpr double kMeanSpread = 0.4;   // of the other means

/// 16 letters as 10x writes them; the last 12 spell the cell's number, scrambled by an odd factor,
/// so that no two cells share a barcode.
std::string barcode(RandomStream& random, int64_t cell) {
  auto number = static_cast<uint64_t>(cell) * 0x9E3779B97F4A7C15;
  std::string letters;
  for (int i = 0; i < 4; ++i) letters += "ACGT"[random.below(4)];
  for (int i = 0; i < 12; ++i, number /= 4) letters += "ACGT"[number % 4];
  return letters + "-1";
}

std::vector<int32_t> draw_types(const SimulateOptions& options, uint64_t seed) {
  std::vector<double> weights;
  for (int32_t type = 0; type < options.types; ++type) {
    const double step = options.types > 1 ? static_cast<double>(type) / (options.types - 1) : 0;
    weights.push_back(std::pow(options.type_size_ratio, -step));
  }
  const auto sizes = apportion(options.cells, weights);
  std::vector<int32_t> types;
  for (int32_t type = 0; type < options.types; ++type) {
    types.insert(types.end(), at(sizes[at(type)]), type);
  }
  auto random = stream(seed, Step::kTypes);
  random.shuffle(std::span(types));
  return types;
}

/// Which cells are doublets, and for each a second cell with a type at random, in proportion to
/// the sizes of the types.
void draw_doublets(const SimulateOptions& options, uint64_t seed, CellPlan& plan) {
  plan.second.assign(at(options.cells), -1);
  const auto doublets =
      static_cast<int64_t>(std::lround(options.doublets * static_cast<double>(options.cells)));
  if (doublets == 0) return;
  auto random = stream(seed, Step::kDoublets);
  std::vector<int32_t> order(at(options.cells));
  std::iota(order.begin(), order.end(), 0);
  random.shuffle(std::span(order));
  plan.cells.doublet.assign(at(options.cells + doublets), 0);
  for (int64_t i = 0; i < doublets; ++i) {
    const size_t cell = at(order[at(i)]);
    plan.second[cell] = static_cast<int32_t>(options.cells + i);
    plan.cells.doublet[cell] = 1;
    const auto like = random.below(static_cast<uint32_t>(options.cells));
    plan.cells.type.push_back(plan.cells.type[at(like)]);
  }
}

/// For each of the second cells the first.
std::vector<int64_t> first_cells(const CellPlan& plan) {
  std::vector<int64_t> first(plan.cells.type.size() - plan.second.size());
  for (int64_t cell = 0; cell < plan.visible(); ++cell) {
    const int32_t second = plan.second[at(cell)];
    if (second >= 0) first[at(second - plan.visible())] = cell;
  }
  return first;
}

/// A batch for each cell of the result; second cells share that of the first.
void draw_batch_of_cells(const SimulateOptions& options, uint64_t seed,
                         std::span<const int64_t> first, CellPlan& plan) {
  if (options.batches == 0) return;
  auto random = stream(seed, Step::kBatchOfCell);
  for (int64_t cell = 0; cell < plan.visible(); ++cell) {
    plan.cells.batch.push_back(
        static_cast<int32_t>(random.below(static_cast<uint32_t>(options.batches))));
  }
  for (const int64_t cell : first) plan.cells.batch.push_back(plan.cells.batch[at(cell)]);
}

}  // namespace

std::string numbered(const char* stem, int64_t number, int64_t largest) {
  return fmt::format("{}{:0{}}", stem, number, fmt::format("{}", largest).size());
}

void CellPlan::drop_second_cells() {
  const size_t count = second.size();
  cells.barcodes.resize(count);
  cells.type.resize(count);
  cells.donor.resize(count);
  if (!cells.batch.empty()) cells.batch.resize(count);
  if (!cells.doublet.empty()) cells.doublet.resize(count);
  cells.rna_size.resize(count);
  cells.atac_depth.resize(count);
  cells.scores.resize(count * at(cells.programmes));
}

CellPlan draw_cells(const SimulateOptions& options, uint64_t seed) {
  CellPlan plan;
  for (int32_t type = 1; type <= options.types; ++type) {
    plan.types.push_back(numbered("type_", type, options.types));
  }
  auto& cells = plan.cells;
  cells.programmes = options.types + options.state_programmes;
  cells.type = draw_types(options, seed);
  draw_doublets(options, seed, plan);
  const auto first = first_cells(plan);
  draw_batch_of_cells(options, seed, first, plan);

  // How programmes follow type and state: one direction of the state for each type and programme.
  auto random = stream(seed, Step::kProgrammes);
  const int64_t dimensions = options.state_dimensions;
  const int64_t programmes = cells.programmes;
  std::vector<double> direction;
  for (int32_t type = 0; type < options.types; ++type) {
    for (int32_t k = 0; k < cells.programmes; ++k) {
      const bool marks = k < options.types;
      plan.programme_mean.push_back(kMeanSpread * random.normal() + (k == type ? kMarkerMean : 0));
      const size_t begin = direction.size();
      double length = 0;
      for (int64_t d = 0; d < dimensions; ++d) {
        direction.push_back(random.normal());
        length += direction.back() * direction.back();
      }
      for (size_t d = begin; d < direction.size(); ++d) {
        direction[d] *= options.state_strength * (marks ? kMarkerState : 1) / std::sqrt(length);
      }
    }
  }
  std::vector<double> donor_part;
  auto donors = stream(seed, Step::kDonors);
  for (int64_t i = 0; i < options.donors * programmes; ++i) {
    donor_part.push_back(options.donor_shift * donors.normal());
  }

  auto letters = stream(seed, Step::kBarcodes);
  auto draws = stream(seed, Step::kCells);
  const double rho = options.depth_correlation;
  std::vector<double> state(at(dimensions));
  std::vector<int32_t> donor_of;
  for (int64_t cell = 0; cell < std::ssize(cells.type); ++cell) {
    cells.barcodes.push_back(barcode(letters, cell));
    const bool visible = cell < plan.visible();
    const auto donor =
        visible ? static_cast<int32_t>(draws.below(static_cast<uint32_t>(options.donors)))
                : donor_of[at(first[at(cell - plan.visible())])];
    donor_of.push_back(donor);
    cells.donor.push_back(numbered("donor_", donor + 1, options.donors));
    const double common = draws.normal();
    const double own = rho * common + std::sqrt(1 - rho * rho) * draws.normal();
    cells.atac_depth.push_back(std::exp(options.atac_depth_sd * common));
    cells.rna_size.push_back(std::exp(options.rna_depth_sd * own));
    for (auto& coordinate : state) coordinate = draws.normal();
    for (int32_t k = 0; k < cells.programmes; ++k) {
      double score = donor_part[at(donor * programmes + k)];
      const auto begin = at((cells.type[at(cell)] * programmes + k) * dimensions);
      for (size_t d = 0; d < state.size(); ++d) score += direction[begin + d] * state[d];
      cells.scores.push_back(static_cast<float>(score));
    }
  }
  return plan;
}

}  // namespace grids::core::simulation
