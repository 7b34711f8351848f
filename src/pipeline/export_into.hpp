/// links.tsv in the formats of other programs, written into a folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "exports/drawn_links.hpp"
#include "io/manifest.hpp"
#include "io/output_folder.hpp"

namespace grids::core {

struct ExportArguments {
  std::filesystem::path results;  ///< folder, or links.tsv
  std::vector<std::string> formats;
  std::filesystem::path study;        ///< empty: the one that the manifest tells of
  std::filesystem::path chrom_sizes;  ///< empty: of the known build, or as far as peaks reach
  LinkFilter filter;

  void describe(OptionSet& set);
  bool wants(std::string_view format) const;
};

/// What was read and written.
struct Exported {
  std::vector<FileRecord> inputs;
  std::vector<std::string> files;
};

/// Everything that can be wrong is told before the first file is written: no links.tsv, a study
/// that is gone or another, `grids-tracks` missing where it is needed.
Exported export_into(OutputFolder& out, const ExportArguments& arguments, const Context& context);

}  // namespace grids::core
