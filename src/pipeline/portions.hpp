/// Many targets, worked on in portions: what a portion found is kept in the state folder, so that a
/// run that was stopped goes on; shards of a run are some of its portions, and the step that ends a
/// run reads portions wherever they lie, so that shards are put together by it as well
/// (merge_shards.hpp).
///
/// A command joins in three parts: work on one portion, which writes tables under `portion_file`
/// and depends on no other portion; a step that makes the tables of all portions of a PortionFiles,
/// and everything that rests on several targets (q, verdicts, calls); and its line in the list of
/// merge_shards.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "explain/targets.hpp"
#include "io/output_folder.hpp"
#include "io/table.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Which part of the targets: every `count`-th portion from the `number`-th (from 1).
struct Shard {
  int64_t number = 1;
  int64_t count = 1;
};

/// "2/8". Throws Error(kUsage).
Shard shard_from(const std::string& text);
/// --shard.
void describe_shard(OptionSet& set, std::string& text);

/// Targets that are worked on together: enough to share the threads, few enough that little is lost
/// when a run is stopped. Part of what is found where something is fitted to the genes of a portion
/// (folds, controls), so that it does not depend on the shards.
inline constexpr size_t kTargetsOfPortion = 64;

/// How many portions there are; without targets one, which is empty.
size_t count_portions(size_t targets, size_t of_portion = kTargetsOfPortion);
/// Numbers of the shard's portions among `count`, from 0, ascending; none where there are fewer
/// portions than shards.
std::vector<size_t> portions_among(const Shard& shard, size_t count);
/// The same of targets.
std::vector<size_t> portions_of(const Shard& shard, size_t targets,
                                size_t of_portion = kTargetsOfPortion);
std::vector<ExplainTarget> targets_of_portion(size_t portion,
                                              const std::vector<ExplainTarget>& targets,
                                              size_t of_portion = kTargetsOfPortion);
/// "all:SIM00012:10;" of each target: what a portion depends on besides its run.
std::string asked_text(const Study& study, const std::vector<ExplainTarget>& targets);

/// ".grids/portions/explain-00003.subsets.tsv": a table of a portion, in a folder of results.
std::string portion_file(const std::string& command, size_t portion, const std::string& table);
/// The file of a portion that is no table, for whoever writes it; its folder is made.
std::filesystem::path place_for_portion(const std::filesystem::path& folder,
                                        const std::string& command, size_t portion,
                                        const std::string& file);
/// Writes tables under the names of a portion, which are returned.
std::vector<std::string> write_portion(const std::filesystem::path& folder,
                                       const std::string& command, size_t portion,
                                       std::vector<Table> tables);

/// The whole of which a folder holds a part: ".grids/portions/explain.json".
struct WholeRun {
  Shard shard;
  int64_t portions = 0;  ///< of the whole
  std::string asked;     ///< digest of what all portions depend on: settings, inputs, targets
  bool operator==(const WholeRun& other) const {
    return portions == other.portions && asked == other.asked;
  }
};
WholeRun whole_run(const Study& study, const std::string& settings, const Shard& shard,
                   const std::vector<ExplainTarget>& targets,
                   size_t of_portion = kTargetsOfPortion);
void write_whole_run(const std::filesystem::path& folder, const std::string& command,
                     const WholeRun& whole);
/// Nothing where the folder has none. Throws Error(kInput) for what cannot be read.
std::optional<WholeRun> read_whole_run(const std::filesystem::path& folder,
                                       const std::string& command);

/// What the shards of a run share, for the times that test cells were asked (asked.hpp); empty for
/// a run that is whole.
std::string run_of(const WholeRun& whole, const Context& context);

/// A number with all its digits, which tables of results do not have; "NA" for NaN.
std::string exact_text(double value);

/// Tells that a shard has nothing to do where there are more shards than portions.
void tell_portions(size_t own, size_t targets, const Context& context,
                   size_t of_portion = kTargetsOfPortion);

/// Tells, and keeps for manifest.json, that tables are those of a shard.
void tell_shard(const Shard& shard, const Context& context);

/// Where the tables of a run's portions lie.
class PortionFiles {
 public:
  explicit PortionFiles(std::string command) : command_(std::move(command)) {}

  void add(size_t portion, std::filesystem::path folder) { folders_[portion] = std::move(folder); }
  size_t size() const { return folders_.size(); }
  /// Numbers, ascending.
  std::vector<size_t> portions() const;
  std::filesystem::path place_of(size_t portion, const std::string& file) const;
  /// Throws Error(kInput) for a table that is not there or cannot be read.
  Table read(size_t portion, const std::string& table) const;
  /// The tables of all portions one after the other; its source is the table's name. Whole in
  /// memory.
  Table joined(const std::string& table) const;
  /// The same written into a folder, of which only a portion's is in memory at a time; `change`
  /// is done to each before.
  using Change = std::function<void(size_t portion, Table& table)>;
  void write_joined(const std::filesystem::path& folder, const std::string& table,
                    const Change& change = {}) const;

 private:
  std::string command_;
  std::map<size_t, std::filesystem::path> folders_;
};

/// Sets the cells of a column of a row, which the table must have.
class TableEdit {
 public:
  explicit TableEdit(const Table& table);
  void set(size_t row, std::string_view column, std::string text);
  /// The table with what was set.
  Table done() &&;

 private:
  std::vector<std::string> columns_;
  std::string source_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace grids::core
