#include "settings.hpp"

#include <algorithm>

namespace grids::core::bench {
namespace {

/// Beside the folder of the programs, in the build folder.
std::filesystem::path default_work() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "paper_scale";
  return self.parent_path().parent_path() / "paper_scale";
}

}  // namespace

std::vector<std::pair<std::string, Part>> part_names() {
  return {{"checks", Part::kChecks},     {"step", Part::kStep},      {"cis", Part::kCis},
          {"search", Part::kSearch},     {"train", Part::kTraining}, {"schedule", Part::kSchedule},
          {"knockout", Part::kKnockout}, {"growth", Part::kGrowth},  {"memory", Part::kMemory}};
}

void Settings::describe(OptionSet& set) {
  if (work.empty()) work = default_work();
  std::vector<std::string> parts;
  for (const auto& [name, part] : part_names()) parts.push_back(name);
  set.value("--work", work, "Folder for the simulated cells, kept for later runs");
  set.value("--json", json, "Figures to write (.json)");
  set.flag("--small", small, "A small study: whether everything works, in seconds");
  set.list("--only", only, parts, "Parts to run; without it all");
  set.value("--steps", steps, "Steps of each published stage to extrapolate from", at_least(1));
  set.value("--dense-repeats", dense_repeats, "Runs of each dense step; the median counts",
            at_least(1));
}

bool Settings::runs(Part part) const {
  if (only.empty()) return true;
  for (const auto& [name, named] : part_names()) {
    if (named == part) return std::find(only.begin(), only.end(), name) != only.end();
  }
  return false;
}

Sizes::Sizes(const Settings& settings) {
  if (!settings.small) return;
  preset = "tiny";
  cells = 60;
  batch = 16;
  candidates = 8;
  set_size = 4;
  search_steps = 20;
  long_set_size = 8;
  training_batch = 32;
  timed_steps = 5;
  check_pairs = 50;
  dense_pairs = 10;
  growth_base = 16;
}

}  // namespace grids::core::bench
