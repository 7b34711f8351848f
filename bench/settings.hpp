/// What the user of paper_scale chooses, and the sizes that follow from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/program.hpp"

namespace grids::core::bench {

/// Parts of a run, in the order in which they are made.
enum class Part : uint8_t {
  kChecks,
  kStep,
  kCis,
  kSearch,
  kTraining,
  kSchedule,
  kKnockout,
  kGrowth,
  kMemory
};

/// "checks", "step", "cis", "search", "train", "schedule", "knockout", "growth", "memory".
std::vector<std::pair<std::string, Part>> part_names();

struct Settings {
  /// Where cells, study and surrogate are kept from run to run.
  std::filesystem::path work;
  /// Figures are written here; empty = nowhere.
  std::filesystem::path json;
  /// A small study and short searches: whether the program works, in seconds.
  bool small = false;
  /// Parts to run; empty = all. Without `checks`, nothing is compared with the dense formulation.
  std::vector<std::string> only;
  /// Steps of each published stage, from which the whole schedule is extrapolated.
  int64_t steps = 1000;
  /// Runs of each dense step, of which the median is taken.
  int64_t dense_repeats = 3;

  void describe(OptionSet& set);
  bool runs(Part part) const;
};

/// How large everything is; the paper's unless `small`.
struct Sizes {
  std::string preset = "paper";  ///< of the simulator
  int64_t cells = 700;           ///< of one type, for searches and knock-outs
  int64_t batch = 64;            ///< of a coordinate step
  int64_t candidates = 32;       ///< k
  int64_t set_size = 10;         ///< L
  int64_t search_steps = 500;    ///< for that L
  int64_t long_set_size = 128;   ///< L of the search to a local optimum
  int64_t training_batch = 128;
  int64_t timed_steps = 200;   ///< coordinate steps, of which the median is taken
  int64_t check_pairs = 1000;  ///< (peak, gene) pairs that are masked and predicted again
  int64_t dense_pairs = 24;    ///< of those, by the dense formulation too
  int64_t growth_base = 1;     ///< sizes of the growth series are divided by this

  explicit Sizes(const Settings& settings);
};

}  // namespace grids::core::bench
