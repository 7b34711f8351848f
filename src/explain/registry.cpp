#include <algorithm>

#include "base/error.hpp"
#include "explain/explainer.hpp"

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

namespace grids {

#define GRIDS_DECLARE(name) const Explainer& name##_explainer();
GRIDS_EXPLAINERS(GRIDS_DECLARE)
#undef GRIDS_DECLARE

const std::vector<const Explainer*>& explainers() {
#define GRIDS_LIST(name) &name##_explainer(),
  static const std::vector<const Explainer*> all = {GRIDS_EXPLAINERS(GRIDS_LIST)};
#undef GRIDS_LIST
  return all;
}

std::vector<std::string_view> explainer_names() {
  std::vector<std::string_view> names;
  for (const Explainer* method : explainers()) names.push_back(method->name());
  return names;
}

void ExplainerOptions::validate(Problems& problems) const {
  search.validate(problems);
  if (beam_width < 1) problems.add("the beam must keep at least 1 subset, not {}", beam_width);
  if (greedy_candidates < 0) {
    problems.add("the candidates of a greedy round must be at least 0, not {}", greedy_candidates);
  }
  smoothgrad.validate(problems);
  lime.validate(problems);
  sage.validate(problems);
  cxplain.validate(problems);
  fimap.validate(problems);
  if (budget < 0) problems.add("the budget must be at least 0 evaluations, not {}", budget);
}

const Explainer& find_explainer(std::string_view name) {
  for (const Explainer* method : explainers()) {
    if (method->name() == name) return *method;
  }
  throw usage_error("there is no method '{}'; choose one of: {}", name,
                    fmt::join(explainer_names(), ", "));
}

}  // namespace grids
