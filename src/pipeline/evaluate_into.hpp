/// The stage `evaluate` with its files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "evaluate/evaluation.hpp"
#include "evaluate/unpaired_evaluation.hpp"
#include "io/output_folder.hpp"

namespace grids::core {

struct EvaluateArguments {
  Split split = Split::kTest;  ///< cells on which the surrogate is judged
  int64_t markers_per_type = 5;
  /// The user's list: a table with a column gene and, optionally, cell_type; empty = choose.
  std::filesystem::path markers;

  void describe(OptionSet& set);
  /// --cells.
  void describe_cells(OptionSet& set);
  /// Names of the tables.
  static std::vector<std::string> files();
  /// The same of cells that were not measured together.
  static std::vector<std::string> unpaired_files();
};

/// --map.
void describe_map(OptionSet& set, bool& map);

/// What the stage is to do; reads the user's markers.
EvaluationOptions evaluation_options(const EvaluateArguments& arguments, const Study& study,
                                     const Context& context);

/// Judges the surrogate and chooses markers; returns the names of the tables that it writes.
std::vector<std::string> evaluate_into(OutputFolder& out, const Study& study,
                                       const StudySurrogate& surrogate,
                                       const EvaluateArguments& arguments, const Context& context);

/// The same for cells that were not measured together, whose types are filled in where they have
/// none.
std::vector<std::string> evaluate_unpaired_into(OutputFolder& out, UnpairedStudy& study,
                                                const FoldedSurrogate& surrogate,
                                                const EvaluateArguments& arguments,
                                                const Context& context);

/// Writes the map of the cells, with the genes of markers.tsv; returns the names of its tables.
std::vector<std::string> map_into(OutputFolder& out, const Study& study,
                                  const StudySurrogate& surrogate, const Context& context);
std::vector<std::string> map_files();

/// What `evaluate_into` chose.
std::vector<MarkerName> read_markers(const std::filesystem::path& folder);

}  // namespace grids::core
