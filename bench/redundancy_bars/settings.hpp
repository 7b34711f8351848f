/// What the user of redundancy_bars chooses.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/described.hpp"
#include "redundancy/cross_fit.hpp"
#include "simulate/simulate.hpp"

namespace grids::core::bench {

struct RedundancySettings {
  std::string preset = "demo";
  int64_t cells = 3000;
  int64_t genes = 240;
  double capture = 1;
  double median_count = 0.4;
  double count_spread = 0.3;
  /// Log fold change of a set, and openness of its members, drawn uniformly.
  double strength_min = 0.9163, strength_max = 0.9163;  // 2.5-fold
  double open_min = 0.25, open_max = 0.25;
  int64_t types = 2;
  int64_t batches = 0;
  double doublets = 0;
  double ambient = 0;
  std::vector<int64_t> seeds = {11, 12, 13};
  /// Judge planted sets on all cells too, with the capture known: the rule by itself.
  bool planted = true;
  bool found = true;
  bool known_capture = false;
  RedundancyOptions redundancy;
  CrossFitOptions folds;
  std::filesystem::path json;
  bool small = false;

  void describe(OptionSet& options);
  SimulateOptions simulation() const;
  RedundancyOptions judging() const;
};

}  // namespace grids::core::bench
