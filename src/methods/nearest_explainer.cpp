// The L peaks nearest to the gene's transcription start site: what a browser shows first. Distance
// is 0 inside a peak; ties go to the smaller index.
#include "methods/target_data.hpp"

namespace grids::core {
namespace {

class NearestExplainer : public Explainer {
 public:
  std::string_view name() const override { return "nearest"; }
  std::string_view summary() const override { return "the peaks nearest to the gene's start"; }
  bool needs_data() const override { return true; }
  bool reads_expression() const override { return false; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context&) const override {
    return explanation_of(objective, require_data(options, name()), {}, options.set_size);
  }
};

}  // namespace

const Explainer& nearest_explainer() {
  static const NearestExplainer method;
  return method;
}

}  // namespace grids::core
