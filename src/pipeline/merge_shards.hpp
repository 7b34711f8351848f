/// Shards put together (portions.hpp): the tables of the whole run, as if it had been one.
///
/// A command joins by a line in the list of merge_shards.cpp: its name and the step that ends it.
/// No shard is changed; of each its manifest.json says with what it was made, and the record of its
/// portions what they are. Portions are read where they lie.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "io/manifest.hpp"
#include "io/output_folder.hpp"
#include "pipeline/portions.hpp"

namespace grids::core {

struct MergeArguments {
  std::vector<std::string> shards;  ///< folders, in any order
  /// Where they are now; empty: where the shards found them.
  std::filesystem::path study;
  std::filesystem::path surrogate;

  void describe(OptionSet& set);
};

/// Shards that are complete and of one run.
struct ShardSet {
  std::string command;
  OptionSet::Values options;  ///< of all of them
  uint64_t seed = 0;
  std::vector<FileRecord> inputs;              ///< as the first shard names them
  std::vector<std::filesystem::path> folders;  ///< by number of the shard
  int64_t portions = 0;
};

/// Throws Error(kInput) that names folder, field and remedy: for a folder that is no shard, or did
/// not end, a shard that is missing or there twice, and shards of which command, version, options,
/// seed, study, surrogate or targets differ.
ShardSet read_shards(const std::vector<std::filesystem::path>& folders);

/// Names of the tables that the merge may write, for an OutputFolder.
std::vector<std::string> merged_files(const ShardSet& shards);

/// What was written, and read.
struct Merged {
  std::vector<std::string> files;
  std::vector<FileRecord> inputs;
};

/// Writes the tables of the whole run. Throws Error(kInput) where a portion is not as its shard
/// left it, or the study is not there, or it or a given surrogate is not that of the shards.
Merged merge_into(OutputFolder& out, const ShardSet& shards, const MergeArguments& arguments,
                  const Context& context);

}  // namespace grids::core
