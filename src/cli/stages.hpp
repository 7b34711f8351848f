/// The stages as the commands run them: results computed by the rooms below, written into a folder.
/// `grids run` calls the same functions as the single commands.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/program.hpp"
#include "cli/inputs.hpp"
#include "evaluate/markers.hpp"

namespace grids {

struct EvaluateArguments {
  std::string split = "test";
  int64_t markers_per_type = 5;
  /// The user's list: a table with a column gene and maybe cell_type; empty = choose.
  std::filesystem::path markers;

  void declare(OptionSet& options);
};

/// Writes accuracy.tsv, accuracy_summary.tsv, marker_means.tsv and markers.tsv; returns the
/// markers.
std::vector<Marker> evaluate_into(const std::filesystem::path& folder, const Study& study,
                                  const FoldedSurrogate& surrogate,
                                  const EvaluateArguments& arguments, const Context& context);

}  // namespace grids
