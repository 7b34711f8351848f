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
  int64_t cells = 3000;
  int64_t genes = 240;
  double capture = 1;
  double triples = 0;            ///< share of them among sets
  double cause_correlation = 0;  ///< of members
  double repressors = 0.33;
  int64_t batches = 0;
  double doublets = 0;
  double ambient = 0;
  std::vector<int64_t> seeds = {11, 12, 13};
  /// Judge planted sets on all cells too, with the capture known: the rule by itself.
  bool planted = true;
  bool found = true;
  bool known_capture = false;
  /// Above 0: genes of one cause, each with a peak that opens with it at this correlation and does
  /// nothing; the cause is judged beside that one, and beside peaks drawn from its window.
  double bystanders = 0;
  /// Parametric bootstraps of planted pairs: is p uniform where elements add, or multiply?
  bool level = false;
  RedundancyOptions redundancy;
  CrossFitOptions folds;
  std::filesystem::path json;
  bool small = false;

  void describe(OptionSet& options);
  SimulateOptions simulation() const;
  RedundancyOptions judging() const;
};

}  // namespace grids::core::bench
