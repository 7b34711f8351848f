/// What is done in a results folder, so that a run that was stopped, or is asked for again with
/// some options changed, repeats only what has to be repeated.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "io/output_folder.hpp"

namespace grids::core {

/// What a finished stage left behind.
struct StageRecord {
  std::string key;  ///< version, seed, settings, and what the stages before it wrote
  double seconds = 0;
  std::map<std::string, std::string> outputs;  ///< file name in the folder → SHA-256
  std::vector<std::string> warnings;
};

/// One stage of a run.
struct RunStage {
  std::string name;
  /// All that the result depends on besides the stages before it: options and input checksums.
  std::string settings;
  /// Does the work and returns the names of the files it wrote.
  std::function<std::vector<std::string>(const Context&)> work;
  bool told = true;  ///< that it was done, and how long it took
};

/// Whether a stage rests on those before it, or each stands for itself.
enum class Stages : uint8_t { kInTurn, kApart };

class RunFolder {
 public:
  /// Reads what was finished there, if anything: `.grids/RECORD.json`. An unreadable record is the
  /// same as none.
  RunFolder(const OutputFolder& folder, const std::string& record, Stages stages);

  /// Does the stage unless it was done before with the same settings, seed and version, after
  /// stages that left the same files, and its own are as it left them. Records it when it is done.
  void run(const RunStage& stage, const Context& context);

  /// Stages of this run in order, with their times and the warnings they gave.
  const std::vector<std::pair<std::string, StageRecord>>& stages() const { return done_; }

 private:
  std::string key_of(const RunStage& stage, const Context& context) const;
  bool is_current(const StageRecord& record) const;
  void keep(const std::string& name, StageRecord record);
  void save() const;

  const OutputFolder& folder_;
  std::filesystem::path file_;
  Stages stages_;
  std::string before_;                        ///< digest of what the stages so far have written
  std::map<std::string, StageRecord> known_;  ///< from earlier runs
  std::vector<std::pair<std::string, StageRecord>> done_;  ///< in this run
};

}  // namespace grids::core
