/// A row of validation.tsv: one figure that pairs or sets of one method come to, beside its chance
/// level.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/nan.hpp"
#include "io/columns.hpp"

namespace grids::core {

/// The cell type of rows over all.
inline constexpr const char* kEveryType = "every";

struct ValidationRow {
  std::string what;                 ///< the measure: "soft_hit_ratio", "loops", …
  std::string method;               ///< whose sets or pairs; "" = of no method
  std::optional<int64_t> set_size;  ///< L; nothing where the pairs come without
  std::string subset;               ///< the column `class`: "10 Mb", "share", …
  double value = kNaN;
  double low = kNaN;  ///< 95 % interval
  double high = kNaN;
  double chance = kNaN;  ///< what chance gives: of random peaks, or of matched pairs
  int64_t n = 0;         ///< what the value is over: peaks, pairs, elements, sets
  std::string cell_type = kEveryType;
  double chance_matched = kNaN;  ///< of peaks matched in openness, where `chance` is of any
  std::string note;
};

Columns<ValidationRow> validation_columns();

/// "grids (L 10)", "grids"; "pairs" where the table names no method.
std::string method_title(const std::string& method, std::optional<int64_t> set_size);

}  // namespace grids::core
