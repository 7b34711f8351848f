/// What the user of cis_bars chooses.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/program.hpp"
#include "cis/fit_cis.hpp"
#include "simulate/simulate.hpp"

namespace grids::core::bench {

enum class BarsPart : uint8_t { kFit, kSearch, kPeers, kContrast, kMethods };

struct BarsSettings {
  /// Of the simulator.
  std::string preset = "demo";
  int64_t cells = 3000;
  int64_t genes = 240;
  double capture = 1;
  double median_count = 0.6;
  double count_spread = 0.7;
  int64_t donors = 3;
  /// Each seed is a simulation of its own; figures are pooled over them.
  std::vector<int64_t> seeds = {1, 2, 3};
  /// Null windows of each gene.
  int64_t null_windows = 1;
  /// Parts to measure; empty = all. The fit is always made, and its time always told.
  std::vector<std::string> only;
  std::filesystem::path json;
  bool small = false;
  CisOptions cis;
  std::string latent_openness = "off";

  void describe(OptionSet& set);
  bool runs(BarsPart part) const;
  std::vector<uint64_t> seed_numbers() const;
  SimulateOptions simulation() const;
  /// `cis` with what `latent_openness` says.
  CisOptions fitting() const;
};

}  // namespace grids::core::bench
