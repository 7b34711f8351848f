/// What the files that bind share: options as Python gives them, and what each file binds.
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <utility>
#include <vector>

#include "grids/commands.hpp"

namespace scgrids {

/// Name and words of each option.
using GivenOptions = std::vector<std::pair<std::string, std::vector<std::string>>>;

inline grids::Options options_of(const GivenOptions& given) {
  grids::Options options;
  options.reserve(given.size());
  for (const auto& [name, words] : given) options.emplace_back(name, words);
  return options;
}

void bind_running(nanobind::module_& m);    ///< Run, Error, options_of, the lock of h5py
void bind_cells(nanobind::module_& m);      ///< StoredGroup, Cells, read_cells, cells_of, prepare
void bind_study(nanobind::module_& m);      ///< Study
void bind_surrogate(nanobind::module_& m);  ///< Surrogate, train, fit_cis, predict
void bind_results(nanobind::module_& m);    ///< Table, and the commands that make tables
void bind_own_model(nanobind::module_& m);  ///< explain_model
void bind_view(nanobind::module_& m);       ///< View, the live page

}  // namespace scgrids
