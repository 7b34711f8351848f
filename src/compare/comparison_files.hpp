/// The files of `grids compare`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compare/comparison.hpp"

namespace grids::core {

/// Files of sets found on the true function, written like compare.tsv.
inline constexpr const char* kTruthAll = "truth_all.tsv";
inline constexpr const char* kTruthRedundant = "truth_redundant.tsv";

/// Names of the files: with a truth, and with the sets learned in every other type.
std::vector<std::string> comparison_files(bool truth, bool types);

/// What is told of a comparison, before it is written.
struct ComparisonTables {
  std::vector<Table> tables;
  std::string page;          ///< compare.md
  std::string type_picture;  ///< types.svg; empty: sets were not learned in other types
};
ComparisonTables comparison_tables(const Comparison& comparison, const ComparisonOptions& options);

/// Writes compare.md and the tables and picture that it rests on (docs/compare.md) into the folder,
/// which is made; returns their names.
std::vector<std::string> write_comparison(const std::filesystem::path& folder,
                                          const Comparison& comparison,
                                          const ComparisonOptions& options);

}  // namespace grids::core
