#include "study/build.hpp"

#include <nlohmann/json.hpp>

namespace grids::core {

std::string build_of(const Study& study) {
  const auto provenance = nlohmann::json::parse(study.provenance, nullptr, false);
  if (!provenance.is_object()) return {};
  const auto positions = provenance.find("positions");
  if (positions == provenance.end() || !positions->is_object()) return {};
  const auto build = positions->find("build");
  const bool known = build != positions->end() && build->is_string();
  return known ? build->get<std::string>() : std::string();
}

}  // namespace grids::core
