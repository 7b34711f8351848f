#include "library/options.hpp"

#include <algorithm>

#include "base/program.hpp"
#include "base/suggestion.hpp"

namespace grids {
namespace {

std::vector<std::string> names_of(const core::OptionSet& set) {
  std::vector<std::string> names;
  for (const auto& field : set.fields()) {
    if (field.place != core::OptionField::Place::kInner) names.push_back(field.key);
  }
  return names;
}

}  // namespace

std::string Option::text_of_double(double value) {
  return fmt::format("{}", value);
}

void assign(core::OptionSet& set, const Options& options, const std::string& stage) {
  const auto& fields = set.fields();
  core::GivenOptions given(fields.size());
  core::Problems problems;
  for (const Option& option : options) {
    const auto named = std::find_if(fields.begin(), fields.end(), [&](const auto& field) {
      return field.place != core::OptionField::Place::kInner && field.key == option.name();
    });
    if (named == fields.end()) {
      problems.add("there is no option '{}'{}", option.name(),
                   core::suggestion(option.name(), names_of(set)));
      continue;
    }
    auto& words = given[static_cast<size_t>(named - fields.begin())].words;
    words.insert(words.end(), option.words().begin(), option.words().end());
  }
  core::assign_options(set, given, problems);
  problems.raise(ErrorKind::kUsage, "options of " + stage);
}

}  // namespace grids
