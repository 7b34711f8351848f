#include "cli/program_methods.hpp"

#include <algorithm>

namespace grids {

std::vector<std::string_view> ProgramMethods::names() const {
  std::vector<std::string_view> all;
  for (const Explainer* method : here) all.push_back(method->name());
  all.insert(all.end(), elsewhere.begin(), elsewhere.end());
  return all;
}

void ProgramMethods::require(std::string_view name) const {
  if (std::find(elsewhere.begin(), elsewhere.end(), name) != elsewhere.end()) hand_over();
}

}  // namespace grids
