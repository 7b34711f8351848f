#include "explain/explain_stage.hpp"

#include <map>
#include <optional>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "explain/study_data.hpp"
#include "explain/target_explainer.hpp"
#include "study/chromatin.hpp"

namespace grids::core {

ExplainerOptions explainer_options(const Study& study, const ExplainTarget& target,
                                   const ExplainStageOptions& options) {
  ExplainerOptions method;
  method.methods = options.methods;
  method.budget = options.budget;
  method.set_size = target.set_size;
  method.stream = stream_of(study, target);
  return method;
}

double wanted_sign(const ExplainStageOptions& options) {
  const bool falls = options.loss.direction == Direction::kDown;
  return falls == (options.perturbation != Perturbation::kOpen) ? 1 : -1;
}

std::vector<float> replacement_values(const Study& study, Perturbation perturbation,
                                      std::optional<int32_t> type) {
  switch (perturbation) {
    case Perturbation::kClosed:
      return replace_by(study.peaks.size(), 0);
    case Perturbation::kOpen:
      return replace_by(study.peaks.size(), 1);
    case Perturbation::kMean:
      break;
  }
  return replace_by_mean(select_rows(study.open, study.cells_of(Split::kTrain, type)));
}

void describe_method(OptionSet& set, std::string& method, bool with_data) {
  std::vector<std::pair<std::string, std::string>> names;
  for (const Explainer* one : explainers()) {
    if (with_data || !one->needs_data()) names.emplace_back(one->name(), one->name());
  }
  set.choice<std::string>("--method", method, names,
                          with_data ? "How sets are found (docs/methods.md)"
                                    : "How sets are found (docs/methods.md); those that look at "
                                      "measured cells are left out");
  set.rule([&method](Problems& problems) {
    try {
      find_explainer(method);
    } catch (const Error& error) {
      problems.add("{}", error.what());
    }
  });
}

void describe_budget(OptionSet& set, int64_t& budget) {
  set.value("--budget", budget,
            "Most model evaluations of a target (one is one cell under one mask, a gradient "
            "counts as three per cell); 0 = no limit",
            at_least(0));
}

void describe_perturbation(OptionSet& set, Perturbation& perturbation) {
  set.choice<Perturbation>(
      "--perturbation", perturbation,
      {{"closed", Perturbation::kClosed},
       {"open", Perturbation::kOpen},
       {"mean", Perturbation::kMean}},
      "What a masked peak becomes: 0, 1 or its mean over training cells; the last "
      "two change nearly every cell, and take that much longer");
}

void ExplainStageOptions::describe(OptionSet& set) {
  describe_method(set, method, true);
  describe_budget(set, budget);
  describe_question(set);
}

void ExplainStageOptions::describe_question(OptionSet& set) {
  loss.describe(set);
  describe_perturbation(set, perturbation);
  set.choice<SearchDomain>(
      "--domain", domain,
      {{"auto", SearchDomain::kAuto},
       {"all", SearchDomain::kAll},
       {"cis", SearchDomain::kCis},
       {"distal", SearchDomain::kDistal}},
      "Peaks that may be masked: within the window of the gene's TSS, the others, or all; auto = "
      "the window where the cis path has terms for the gene, else all");
  set.value("--domain-window", domain_window, "The window, in bp to either side of the TSS",
            at_least(1));
  set.inner("neighbourhood", neighbourhood, at_least(0));
  set.group("What is explained, and how it is judged");
  set.value("--min-test-cells", min_test_cells, "Fewest test cells of a type", at_least(0));
  set.value("--min-expressing-cells", min_expressing_cells,
            "Fewest test cells that express the gene", at_least(0));
  set.flag("--force", force,
           "Explain what has fewer, and genes without terms of the cis path that fail its gate A");
  partners.describe(set);
  describe_methods(set, methods);
  set.group("");
}

StudySurrogate surrogate_for(const StudySurrogate& surrogate,
                             const std::vector<ExplainTarget>& targets,
                             const ExplainStageOptions& options) {
  if (!options.unconfirmed) return surrogate;
  std::vector<int32_t> genes;
  genes.reserve(targets.size());
  for (const auto& target : targets) genes.push_back(target.gene);
  return surrogate.asked_for(genes);
}

class ExplainSearch::Parts {
 public:
  Parts(const Study& study, const StudySurrogate& surrogate, ExplainStageOptions options,
        const Context& context, int64_t targets, int64_t done)
      : options_(std::move(options)),
        explainer_(study, surrogate, options_, context, targets, done) {}

  const ExplainStageOptions& options() const { return options_; }
  TargetExplainer& explainer() { return explainer_; }

 private:
  ExplainStageOptions options_;
  TargetExplainer explainer_;
};

void require_without_pairs(const ExplainStageOptions& options) {
  const Explainer& method = find_explainer(options.method);
  if (method.reads_expression()) {
    throw input_error(
        "explain: the method '{}' {}, and these were measured in different cells; methods that "
        "look at the surrogate alone work, --method grids among them",
        method.name(), kNeedsPairs);
  }
  if (options.domain == SearchDomain::kCis) {
    throw input_error(
        "explain: --domain cis asks for the elements around a gene: the cis path, which tells them "
        "from the state of the cell, {}, and these were measured in different cells; leave out "
        "--domain: all peaks are searched, and what is found marks the state",
        kNeedsPairs);
  }
}

void require_explainable(const Study& study, const StudySurrogate& surrogate,
                         const ExplainStageOptions& options) {
  validate(options, "explain");
  if (study.peaks.size() != surrogate.shape().peaks() ||
      study.genes.size() != surrogate.shape().genes) {
    throw input_error("the study has {} peaks and {} genes, the surrogate {} and {}",
                      study.peaks.size(), study.genes.size(), surrogate.shape().peaks(),
                      surrogate.shape().genes);
  }
  const Explainer& method = find_explainer(options.method);
  if (!study.paired) require_without_pairs(options);
  if (method.needs_data()) require_positions(study, method.name());
}

ExplainSearch::ExplainSearch(const Study& study, const StudySurrogate& surrogate,
                             ExplainStageOptions options, const Context& context, int64_t targets,
                             int64_t done) {
  require_explainable(study, surrogate, options);
  parts_ = std::make_unique<Parts>(study, surrogate, std::move(options), context, targets, done);
}

ExplainSearch::~ExplainSearch() = default;

void ExplainSearch::pass_over(int64_t targets) {
  parts_->explainer().pass_over(targets);
}

ExplainResult ExplainSearch::find(const std::vector<ExplainTarget>& targets) {
  const auto& options = parts_->options();
  if (!options.budgets.empty() && options.budgets.size() != targets.size()) {
    throw internal_error("{} targets, {} budgets", targets.size(), options.budgets.size());
  }
  if (!options.excluded.empty() && options.excluded.size() != targets.size()) {
    throw internal_error("{} targets, {} lists of excluded peaks", targets.size(),
                         options.excluded.size());
  }
  std::map<std::optional<int32_t>, std::vector<size_t>> by_type;
  for (size_t i = 0; i < targets.size(); ++i) by_type[targets[i].type].push_back(i);

  std::vector<std::optional<ExplainedTarget>> explained(targets.size());
  std::vector<SkippedTarget> skipped;  // where it was
  skipped.reserve(targets.size());
  for (const ExplainTarget& target : targets) skipped.push_back({target, "", false, false});
  for (const auto& [type, which] : by_type) {
    parts_->explainer().explain_type(type, targets, which, explained, skipped);
  }
  ExplainResult result;
  for (size_t i = 0; i < targets.size(); ++i) {
    if (explained[i]) {
      result.explained.push_back(std::move(*explained[i]));
    } else {
      result.skipped.push_back(std::move(skipped[i]));
    }
  }
  return result;
}

ExplainResult explain(const Study& study, const StudySurrogate& surrogate,
                      const std::vector<ExplainTarget>& targets, const ExplainStageOptions& options,
                      const Context& context) {
  ExplainSearch search(study, surrogate_for(surrogate, targets, options), options, context,
                       std::ssize(targets));
  return search.find(targets);
}

}  // namespace grids::core
