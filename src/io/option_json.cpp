#include "io/option_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace grids::core {
namespace {

using Json = nlohmann::ordered_json;

Json value_of(const OptionField& field) {
  if (field.kind == OptionField::Kind::kList) return field.texts();
  const std::string text = field.show();
  switch (field.kind) {
    case OptionField::Kind::kFlag:
      return text == "true";
    case OptionField::Kind::kWhole:
      return text.empty() ? Json() : Json::parse(text);
    case OptionField::Kind::kNumber:
      return text.empty() ? Json() : Json(std::stod(text));
    default:
      return text;
  }
}

}  // namespace

std::string json_of(const OptionSet& set, const std::map<std::string, std::string>& first,
                    const std::vector<std::string>& without) {
  Json json = Json::object();
  for (const auto& [key, text] : first) json[key] = text;
  for (const auto& field : set.fields()) {
    if (std::find(without.begin(), without.end(), field.key) != without.end()) continue;
    std::string key = field.key;
    std::replace(key.begin(), key.end(), '-', '_');
    json[key] = value_of(field);
  }
  // Names may hold bytes that are no UTF-8; the rest of the record must not suffer.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace grids::core
