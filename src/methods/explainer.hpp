/// One interface for every explanation method: given an objective (a model, cells, a loss), which L
/// features does the method choose? Methods see no chromatin; those that look at measured cells
/// rather than at the model get them as plain numbers.
///
/// To add a method, write one file in this folder that defines `const Explainer& NAME_explainer()`,
/// with a struct of its options if it has any, and add NAME to the list in registry.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "methods/method_options.hpp"
#include "search/objective.hpp"

namespace grids::core {

struct TargetData;  // target_data.hpp

/// What a method is given besides the objective.
struct ExplainerOptions {
  /// L, the members of the set.
  int64_t set_size = 10;
  /// Keys the random numbers together with the seed: the same stream gives the same result whatever
  /// else is explained.
  uint64_t stream = 0;
  /// Model evaluations of a target, as Objective counts them; 0 = no limit. The stage sets it
  /// on the objective, where methods read it.
  int64_t budget = 0;
  /// Of the image that the features are, row by row; 0 = they are a line.
  int64_t image_height = 0;
  int64_t image_width = 0;
  /// Measured cells, for methods that need them; null when there are none. Borrowed.
  const TargetData* data = nullptr;
  /// What each method declares as its own.
  MethodOptions methods;

  void describe(OptionSet& set);
};

/// What a method ranks a feature by, in units of its own, and a 95 % interval where it has one; NaN
/// where not.
struct FeatureScore {
  double score = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

struct Explanation {
  /// The chosen features, the one whose removal from the set costs most first (methods without
  /// ranks of their own).
  std::vector<Feature> subset;
  double objective = 0;        ///< of the subset, over the objective's cells
  int64_t evaluations = 0;     ///< of the model, as Objective counts them
  int64_t steps = 0;           ///< of a search, else 0
  bool local_optimum = false;  ///< as in SearchResult; false for methods that do not search
  bool budget_spent = false;   ///< the method would have gone on
  std::vector<FeatureScore> scores = {};  ///< of the subset; empty for methods that score sets
};

class Explainer {
 public:
  virtual ~Explainer() = default;

  /// As users type it and tables show it.
  virtual std::string_view name() const = 0;
  /// One line for the help.
  virtual std::string_view summary() const = 0;
  /// Whether it reads `ExplainerOptions::data`, and throws Error(kUsage) without.
  virtual bool needs_data() const { return false; }
  /// Whether what it reads there is expression of the same cells, as well as places of peaks.
  virtual bool reads_expression() const { return needs_data(); }
  /// The structs of options that are its own, each with `describe` (described.hpp).
  virtual std::vector<OwnOptions> own_options() const { return {}; }
  /// A function of objective, options and seed alone, whatever the number of threads.
  virtual Explanation explain(Objective& objective, const ExplainerOptions& options,
                              const Context& context) const = 0;
};

/// All methods, in the order of the registry.
const std::vector<const Explainer*>& explainers();

/// Their names, in this order.
std::vector<std::string> explainer_names();

/// Describes the options that the methods own, each struct once, titled by the methods that read
/// it.
void describe_methods(OptionSet& set, MethodOptions& options);

/// Throws Error(kUsage) that lists the methods when there is none of that name.
const Explainer& find_explainer(std::string_view name);

}  // namespace grids::core
