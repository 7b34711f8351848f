/// A results folder that remembers which stages are done, so that a run that was stopped, or is
/// asked for again with some options changed, repeats only what has to be repeated.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "io/manifest.hpp"

namespace grids::core {

/// What a finished stage left behind.
struct StageRecord {
  std::string key;  ///< version, seed and settings
  double seconds = 0;
  std::map<std::string, int64_t> outputs;  ///< file name in the folder → bytes
  std::vector<std::string> warnings;
};

/// One stage of a run.
struct RunStage {
  std::string name;
  /// All that the result depends on besides the stages before it: options and input checksums.
  std::string settings;
  /// Does the work and returns the names of the files it wrote.
  std::function<std::vector<std::string>(const Context&)> work;
};

class RunFolder {
 public:
  /// Reads what was finished there, if anything; the first stage makes the folder, so that one
  /// which refuses its input leaves none. Removes half-written files of a killed run. An unreadable
  /// record is the same as none.
  explicit RunFolder(std::filesystem::path folder);

  const std::filesystem::path& path() const { return folder_; }

  /// Does the stage unless it was done before with the same settings, seed and version, its files
  /// are still there, and no stage before it had to be done again. Records it when it is done.
  void run(const RunStage& stage, const Context& context);

  /// Stages of this run in order, with their times and the warnings they gave.
  const std::vector<std::pair<std::string, StageRecord>>& stages() const { return done_; }

 private:
  bool is_current(const StageRecord& record) const;
  void save() const;

  std::filesystem::path folder_;
  std::map<std::string, StageRecord> known_;               ///< from earlier runs
  std::vector<std::pair<std::string, StageRecord>> done_;  ///< in this run
};

}  // namespace grids::core
