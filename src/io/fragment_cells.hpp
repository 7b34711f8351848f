/// Which cell of the RNA a barcode of a fragment file is.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/fragments.hpp"

namespace grids::core {

class FragmentCells {
 public:
  /// `cells` must outlive it.
  FragmentCells(std::span<const std::string> cells, const FragmentFile& file);

  /// Looks at barcodes of the file's first lines: whether they are found as they stand, or without
  /// a trailing number. Throws Error(kInput) where two of them would be one cell.
  void look_at(std::span<const std::string> first);

  /// The cell's row; −1 where it is none of them.
  int32_t find(std::string_view barcode) const;

  /// Cells that a barcode of this file could be.
  std::vector<int32_t> possible() const;
  bool without_number() const { return without_number_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Rows = std::unordered_map<std::string, int32_t, Hash, std::equal_to<>>;

  std::string source_;
  Rows as_they_stand_;
  Rows bases_;  ///< without trailing number; −1 where several cells are left with the same
  bool without_number_ = false;
};

/// "AAAC" of "AAAC-1"; the whole where there is no such end.
std::string_view without_trailing_number(std::string_view barcode);

}  // namespace grids::core
