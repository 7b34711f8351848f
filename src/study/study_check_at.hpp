/// The checks of a study by where its cells are named. Of this room alone.
#pragma once

#include <string>

#include "study/study_check.hpp"

namespace grids::core {

/// Where the table of a study's cells lies, and whether they may have no types.
struct CellsPlace {
  std::string obs = "obs";
  bool may_lack_types = false;

  std::string operator()(const char* column) const { return obs + "/" + column; }
};

/// `problems_of` and `problems_of_tables` of a study whose cells are there.
Problems problems_at(const Study& study, const CellsPlace& place);
Problems problems_of_tables_at(const Study& study, const CellsPlace& place);

}  // namespace grids::core
