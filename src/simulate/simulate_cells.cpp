#include "simulate/simulate_cells.hpp"

#include <fmt/core.h>

#include <cmath>

#include "base/at.hpp"
#include "simulate/simulate_draws.hpp"

namespace grids::core::simulation {
namespace {

constexpr double kMarkerMean = 1.6;   // score of a type's own programme in that type
constexpr double kMarkerState = 0.2;  // standard deviation of its state part within a type
constexpr double kMeanSpread = 0.4;   // of the other means

/// "00012": as many digits as the largest needs, so that names sort as the numbers do.
std::string numbered(const char* stem, int64_t number, int64_t largest) {
  return fmt::format("{}{:0{}}", stem, number, fmt::format("{}", largest).size());
}

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

}  // namespace

CellPlan draw_cells(const SimulateOptions& options, uint64_t seed) {
  CellPlan plan;
  for (int32_t type = 1; type <= options.types; ++type) {
    plan.types.push_back(numbered("type_", type, options.types));
  }
  auto& cells = plan.cells;
  cells.programmes = options.types + options.state_programmes;
  cells.type = draw_types(options, seed);

  // How programmes follow type and state: one direction of the state for each type and programme.
  auto random = stream(seed, Step::kProgrammes);
  const int64_t dimensions = options.state_dimensions;
  const int64_t programmes = cells.programmes;
  std::vector<double> direction;
  for (int32_t type = 0; type < options.types; ++type) {
    for (int32_t k = 0; k < cells.programmes; ++k) {
      const bool marks = k < options.types;
      plan.programme_mean.push_back(kMeanSpread * random.normal() + (k == type ? kMarkerMean : 0));
      const size_t first = direction.size();
      double length = 0;
      for (int64_t d = 0; d < dimensions; ++d) {
        direction.push_back(random.normal());
        length += direction.back() * direction.back();
      }
      for (size_t d = first; d < direction.size(); ++d) {
        direction[d] *= (marks ? kMarkerState : 1) / std::sqrt(length);
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
  for (int64_t cell = 0; cell < options.cells; ++cell) {
    cells.barcodes.push_back(barcode(letters, cell));
    const auto donor = static_cast<int32_t>(draws.below(static_cast<uint32_t>(options.donors)));
    cells.donor.push_back(numbered("donor_", donor + 1, options.donors));
    const double common = draws.normal();
    const double own = rho * common + std::sqrt(1 - rho * rho) * draws.normal();
    cells.atac_depth.push_back(std::exp(options.atac_depth_sd * common));
    cells.rna_size.push_back(std::exp(options.rna_depth_sd * own));
    for (auto& coordinate : state) coordinate = draws.normal();
    for (int32_t k = 0; k < cells.programmes; ++k) {
      double score = donor_part[at(donor * programmes + k)];
      const auto first = at((cells.type[at(cell)] * programmes + k) * dimensions);
      for (size_t d = 0; d < state.size(); ++d) score += direction[first + d] * state[d];
      cells.scores.push_back(static_cast<float>(score));
    }
  }
  return plan;
}

}  // namespace grids::core::simulation
