/// The stage `evaluate` with its files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "evaluate/evaluation.hpp"

namespace grids::core {

struct EvaluateArguments {
  Split split = Split::kTest;  ///< cells on which the surrogate is judged
  int64_t markers_per_type = 5;
  /// The user's list: a table with a column gene and maybe cell_type; empty = choose.
  std::filesystem::path markers;

  void describe(OptionSet& set);
};

/// Judges the surrogate and chooses markers; returns the names of the tables that it writes.
std::vector<std::string> evaluate_into(const std::filesystem::path& folder, const Study& study,
                                       const StudySurrogate& surrogate,
                                       const EvaluateArguments& arguments, const Context& context);

}  // namespace grids::core
