/// How often test cells were looked at, gene by gene. A look is on the disk before its answer is
/// computed: neither a crash nor another start makes one undone. A set of peaks that is asked about
/// again in the same type is the same look: it tells nothing new.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/columns.hpp"

namespace grids::core {

struct Look {
  std::string gene;
  std::string cell_type;
  std::vector<std::string> peaks;  ///< in the order of the study

  bool operator==(const Look&) const = default;
};

class LookBook {
 public:
  /// Reads the file, if it is there. Throws Error(kInput) where it cannot be read: looks that
  /// cannot be counted are not forgotten.
  explicit LookBook(std::filesystem::path file);

  /// Looks at a gene so far.
  int64_t of(const std::string& gene) const;
  /// What was looked at, in the order of the looks.
  std::vector<Look> sets_of(const std::string& gene) const;
  /// Writes the look down, unless it was made before; whether it is new. Throws Error(kInput) where
  /// it cannot be written; then it is not to be made.
  bool spend(const Look& look);

 private:
  std::filesystem::path file_;
  std::vector<Look> looks_;
};

}  // namespace grids::core
