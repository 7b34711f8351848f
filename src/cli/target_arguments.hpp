/// Which genes in which types: by name or from a table, as `explain` and `compare` ask for them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/program.hpp"
#include "explain/targets.hpp"

namespace grids {

struct TargetArguments {
  std::string cell_type;  ///< one name, or "all"
  std::vector<std::string> genes;
  std::filesystem::path table;

  /// --cell-type, --gene and --targets, whose columns are told.
  void declare(OptionSet& options, std::string_view columns);
  /// Whether there is one source of targets: these, or where a command has another, that one.
  /// `ways` names them all.
  void check(std::string_view ways, bool other_source, Problems& problems) const;
  /// Throws what read_targets throws.
  std::vector<TargetRequest> requests(int64_t default_set_size) const;
};

}  // namespace grids
