// What cells could show (redundancy/reach.hpp), by number of cells, counts and capture; beside the
// share of drawn cells that are called so. For docs/for-my-data.md. `reach_grid [--small] [--json
// FILE]`.
#include <fmt/core.h>

#include <cstdio>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/atomic_file.hpp"
#include "redundancy/drawn_cells.hpp"
#include "redundancy/reach.hpp"

namespace grids::core::bench {
namespace {

constexpr double kOpen = 0.15;
constexpr double kDispersion = 0.5;

struct Grid {
  std::vector<double> cells = {200, 500, 1000, 2000, 5000, 20'000};
  std::vector<double> counts = {0.1, 0.3, 1, 3};
  std::vector<double> captures = {1, 0.5, 0.3};
  std::vector<double> folds = {2, 4};
  int replicates = 100;
  /// Drawn cells are called only for as many: larger ones tell nothing new.
  double most_drawn = 5000;
};

double drawn_called(const ReachCase& given, double fold, int replicates) {
  int called = 0;
  for (int i = 0; i < replicates; ++i) {
    const testing::DrawnCells cells(given, 2, fold, static_cast<uint64_t>(i));
    called += cells.is_called(given.capture) ? 1 : 0;
  }
  return static_cast<double>(called) / replicates;
}

nlohmann::ordered_json measure(const Grid& grid) {
  auto rows = nlohmann::ordered_json::array();
  for (const double cells : grid.cells) {
    for (const double counts : grid.counts) {
      for (const double capture : grid.captures) {
        const ReachCase given{cells, counts, kDispersion, kOpen, capture};
        nlohmann::ordered_json row = {{"cells", cells},
                                      {"counts", counts},
                                      {"capture", capture},
                                      {"smallest_fold", smallest_fold(given)},
                                      {"pairs", nlohmann::ordered_json::array()}};
        for (const double fold : grid.folds) {
          RandomStream random(1, Purpose::kBenchmark);
          const auto reach = reach_of_pair(given, fold, {}, {}, random);
          row["pairs"].push_back(
              {{"fold", fold},
               {"called", reach.called},
               {"hidden_share", reach.hidden_share},
               {"drawn", cells > grid.most_drawn ? std::numeric_limits<double>::quiet_NaN()
                                                 : drawn_called(given, fold, grid.replicates)}});
        }
        rows.push_back(std::move(row));
      }
    }
    fmt::print(stderr, "{:.0f} cells\n", cells);
  }
  return {{"open", kOpen}, {"dispersion", kDispersion}, {"rows", std::move(rows)}};
}

}  // namespace
}  // namespace grids::core::bench

int main(int count, char** words) {
  using namespace grids::core;
  bench::Grid grid;
  std::string path;
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(words[i], "--small") == 0) {
      grid.cells = {200, 500};
      grid.replicates = 4;
    } else if (std::strcmp(words[i], "--json") == 0 && i + 1 < count) {
      path = words[++i];
    } else {
      fmt::print(stderr, "reach_grid [--small] [--json FILE]\n");
      return 2;
    }
  }
  const auto text = bench::measure(grid).dump(1) + "\n";
  if (path.empty()) {
    std::fputs(text.c_str(), stdout);
  } else {
    replace_file(path, text);
  }
  return 0;
}
