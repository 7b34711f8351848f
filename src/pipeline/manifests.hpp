/// What a command writes beside its results: with what, from which files, and what it warned of.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "io/manifest.hpp"
#include "io/output_folder.hpp"
#include "io/table.hpp"

namespace grids::core {

/// "seed=1; threads=2; ": what a result was made with, to tell whether it must be made again.
std::string settings_text(const OptionSet::Values& values);

/// What the portions of a command depend on, besides targets and seed: its options but for the
/// shard and where it is written, which are the shard's own, and its inputs by content.
std::string portion_settings(OptionSet::Values values, const std::vector<FileRecord>& inputs);

/// The records of all files, in order.
std::vector<FileRecord> record_files(const std::vector<std::filesystem::path>& files);

/// What a command did in a folder.
struct CommandRecord {
  std::string command;
  OptionSet::Values options;
  std::vector<FileRecord> inputs;
  std::vector<std::string> outputs;  ///< names of files in the folder
  std::vector<std::string> warnings;
  std::vector<StageTime> stages = {};
};

/// Claims the tables' names and writes them; returns the names.
std::vector<std::string> write_tables_into(OutputFolder& out, const std::vector<Table>& tables,
                                           const Context& context);

/// The end of every command that writes a folder: what an earlier run of it left there and this did
/// not write goes, and manifest.json gets the command's section.
void close_folder(OutputFolder& out, const CommandRecord& record, const Context& context);

}  // namespace grids::core
