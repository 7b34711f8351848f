#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.hpp"
#include "methods/explainer.hpp"

// The methods: one line each.
#define GRIDS_EXPLAINERS(METHOD) \
  METHOD(grids)                  \
  METHOD(beam)                   \
  METHOD(greedy)                 \
  METHOD(random)                 \
  METHOD(nearest)                \
  METHOD(links)                  \
  METHOD(lasso)                  \
  METHOD(susie)                  \
  METHOD(knockout)               \
  METHOD(saliency)               \
  METHOD(smoothgrad)             \
  METHOD(lime)                   \
  METHOD(lime_pick)              \
  METHOD(sage)                   \
  METHOD(cxplain)                \
  METHOD(fimap)

namespace grids::core {

#define GRIDS_DECLARE(name) const Explainer& name##_explainer();
GRIDS_EXPLAINERS(GRIDS_DECLARE)
#undef GRIDS_DECLARE

const std::vector<const Explainer*>& explainers() {
#define GRIDS_LIST(name) &name##_explainer(),
  static const std::vector<const Explainer*> all = {GRIDS_EXPLAINERS(GRIDS_LIST)};
#undef GRIDS_LIST
  return all;
}

std::vector<std::string> explainer_names() {
  std::vector<std::string> names;
  for (const Explainer* method : explainers()) names.emplace_back(method->name());
  return names;
}

namespace {

/// "Options of lime and lime-sp".
std::string title_of(std::type_index type) {
  std::vector<std::string_view> names;
  for (const Explainer* method : explainers()) {
    for (const auto& own : method->own_options()) {
      if (own.type == type) names.push_back(method->name());
    }
  }
  return fmt::format("Options of {}", fmt::join(names, " and "));
}

}  // namespace

void describe_methods(OptionSet& set, MethodOptions& options) {
  std::vector<std::type_index> described;
  for (const Explainer* method : explainers()) {
    for (const auto& own : method->own_options()) {
      if (std::find(described.begin(), described.end(), own.type) != described.end()) continue;
      described.push_back(own.type);
      set.group(title_of(own.type));
      own.describe(set, options);
    }
  }
}

void ExplainerOptions::describe(OptionSet& set) {
  set.inner("set-size", set_size, at_least(1));
  set.inner("budget", budget, at_least(0));
  set.inner("image-height", image_height, at_least(0));
  set.inner("image-width", image_width, at_least(0));
  describe_methods(set, methods);
}

const Explainer& find_explainer(std::string_view name) {
  for (const Explainer* method : explainers()) {
    if (method->name() == name) return *method;
  }
  throw usage_error("there is no method '{}'; choose one of: {}", name,
                    fmt::join(explainer_names(), ", "));
}

}  // namespace grids::core
