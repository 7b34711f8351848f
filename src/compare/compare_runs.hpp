/// The runs of a comparison, kept in a folder as they finish, so that one that was stopped goes on
/// where it was: what was learned with the same settings is read and not learned again.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "compare/compare.hpp"

namespace grids::core {

struct FinishedRun {
  std::vector<ComparedSet> sets;
  std::vector<SkippedRow> skipped;
};

class CompareRuns {
 public:
  /// An empty folder: nothing is kept. `settings`: all that every run depends on (options,
  /// checksums of inputs). `total`: sets to be learned altogether, for the progress.
  CompareRuns(std::filesystem::path folder, std::string settings, int64_t total,
              const Context& context);

  /// Reads the run if it is there, else does the work and keeps it; also where it was kept by a
  /// version of grids whose tables had other columns. `objective` tells runs of the same method on
  /// different functions apart.
  FinishedRun run(const std::string& objective, const std::vector<ExplainTarget>& targets,
                  const CompareRun& run,
                  const std::function<FinishedRun(const Context& context)>& work);

  /// Sets that were read instead of learned.
  int64_t reused() const { return reused_; }

 private:
  std::filesystem::path file_of(const std::string& objective,
                                const std::vector<ExplainTarget>& targets,
                                const CompareRun& run) const;

  std::filesystem::path folder_;
  std::string settings_;
  int64_t total_;
  int64_t done_ = 0;
  int64_t reused_ = 0;
  const Context& context_;
};

}  // namespace grids::core
