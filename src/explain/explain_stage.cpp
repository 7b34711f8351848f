#include "explain/explain_stage.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "explain/all_rates.hpp"
#include "explain/study_data.hpp"
#include "methods/links.hpp"
#include "model/set_outputs.hpp"

namespace grids::core {
namespace {

/// All that the targets of one type share.
struct TypeCells {
  TypeCells(const Study& study, const StudySurrogate& surrogate, std::optional<int32_t> type,
            Perturbation perturbation, ThreadPool& pool)
      : train_cells(study.cells_of(Split::kTrain, type)),
        test_cells(study.cells_of(Split::kTest, type)) {
    const auto replacement = replacement_values(study, perturbation, type);
    train = surrogate.model(study, train_cells, replacement, pool);
    test = surrogate.model(study, test_cells, replacement, pool);
  }

  size_t size() const { return train_cells.size() + test_cells.size(); }

  std::vector<int32_t> train_cells;
  std::vector<int32_t> test_cells;
  std::unique_ptr<SurrogateModel> train;  ///< cells: positions in train_cells
  std::unique_ptr<SurrogateModel> test;
  std::unique_ptr<AllRates> rates;  ///< of all genes, on the test cells; null: not asked
};

/// Of the models of types that are kept for the next portion: bounds the memory.
constexpr size_t kMostCellsKept = 50'000;

/// The cells of the types that were asked for last.
class KeptTypes {
 public:
  /// Those of the type, which `make` makes where they are not kept. Stands until the next call.
  template <typename Make>
  const TypeCells& of(std::optional<int32_t> type, const Make& make) {
    const auto known = std::find_if(kept_.begin(), kept_.end(),
                                    [&](const auto& entry) { return entry.first == type; });
    if (known != kept_.end()) {
      kept_.splice(kept_.begin(), kept_, known);
      return *kept_.front().second;
    }
    auto made = make();
    size_t cells = made->size();
    for (const auto& entry : kept_) cells += entry.second->size();
    for (; !kept_.empty() && cells > kMostCellsKept; kept_.pop_back()) {
      cells -= kept_.back().second->size();
    }
    kept_.emplace_front(type, std::move(made));
    return *kept_.front().second;
  }

 private:
  std::list<std::pair<std::optional<int32_t>, std::unique_ptr<TypeCells>>> kept_;  // latest first
};

/// Genes on the target's chromosome whose start lies within reach, the target included.
std::vector<int32_t> neighbours(const Study& study, int32_t gene, int64_t reach) {
  std::vector<int32_t> near = {gene};
  if (!study.genes.has_position(gene)) return near;
  for (int32_t other = 0; other < study.genes.size(); ++other) {
    if (other == gene || !study.genes.has_position(other)) continue;
    if (study.genes.chromosome[at(other)] != study.genes.chromosome[at(gene)]) continue;
    if (std::abs(study.genes.tss(other) - study.genes.tss(gene)) <= reach) near.push_back(other);
  }
  return near;
}

OffTarget off_target(const std::vector<double>& before, const std::vector<double>& after,
                     const std::vector<int32_t>& left_out) {
  OffTarget result;
  std::vector<double> rates;
  double total = 0;
  const auto counts = [&](size_t gene) {
    return before[gene] > 0 && std::find(left_out.begin(), left_out.end(),
                                         static_cast<int32_t>(gene)) == left_out.end();
  };
  for (size_t gene = 0; gene < before.size(); ++gene) {
    if (!counts(gene)) continue;
    rates.push_back(before[gene]);
    total += before[gene];
  }
  result.genes = static_cast<int64_t>(rates.size());
  if (rates.empty()) return result;
  const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
  std::nth_element(rates.begin(), middle, rates.end());
  const double median = *middle;
  for (size_t gene = 0; gene < before.size(); ++gene) {
    if (!counts(gene)) continue;
    const double change = after[gene] / before[gene] - 1;
    result.mean_change += std::abs(change) * before[gene] / total;
    if (before[gene] >= median &&
        (result.most_changed < 0 || std::abs(change) > std::abs(result.largest_change))) {
      result.most_changed = static_cast<int32_t>(gene);
      result.largest_change = change;
    }
  }
  return result;
}

std::vector<float> dense_expression(const Study& study, std::span<const int32_t> cells) {
  return to_dense(select_rows(study.expression, cells));
}

/// That the target has too few cells to judge a result by, or nothing.
std::string too_few(const Study& study, const ExplainTarget& target,
                    const std::vector<int32_t>& test_cells, const ExplainStageOptions& options) {
  const auto cells = static_cast<int64_t>(test_cells.size());
  const auto expressing = std::count_if(test_cells.begin(), test_cells.end(), [&](int32_t cell) {
    return study.expression.pattern.contains(cell, target.gene);
  });
  if (cells < options.min_test_cells) {
    return fmt::format("only {} test cells of at least {}", cells, options.min_test_cells);
  }
  if (expressing < options.min_expressing_cells) {
    return fmt::format("only {} of {} test cells express the gene, of at least {}", expressing,
                       cells, options.min_expressing_cells);
  }
  return "";
}

constexpr const char* kFailsGateA =
    "held-out cells are not predicted better than by depth, type, donor and batch (gate A, see "
    "cis.tsv)";

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Explains targets with one method, type by type.
class TargetExplainer {
 public:
  TargetExplainer(const Study& study, const StudySurrogate& surrogate,
                  const ExplainStageOptions& options, const Context& context, int64_t targets,
                  int64_t done)
      : study_(study),
        surrogate_(surrogate),
        options_(options),
        context_(context),
        method_(find_explainer(options.method)),
        progress_(context, "explain", targets, done) {
    if (!method_.needs_data()) return;
    measured_ = measured_cells(study);
    backgrounds_ = std::make_unique<LinkBackgrounds>(*measured_);
  }

  void pass_over(int64_t targets) { progress_.advance(targets); }

  /// Explains targets of one type; fills what belongs to each.
  void explain_type(std::optional<int32_t> type, const std::vector<ExplainTarget>& targets,
                    const std::vector<size_t>& which,
                    std::vector<std::optional<ExplainedTarget>>& explained,
                    std::vector<SkippedTarget>& skipped) {
    const TypeCells& cells = cells_.of(type, [&] { return make_cells(type); });
    const auto one = [&](size_t i) {
      const auto doubts = doubts_of(targets[i], cells.test_cells);
      if (cells.train_cells.empty()) {
        skipped[i].reason = "no training cells";
      } else if (cells.test_cells.empty()) {
        skipped[i].reason = "no test cells";
      } else if (!doubts.empty() && !options_.force) {
        skipped[i] = {targets[i], doubts,
                      judged_by_gate_a(targets[i].gene) && surrogate_.fails_gate_a(targets[i].gene),
                      true};
      } else {
        const int64_t budget = options_.budgets.empty() ? options_.budget : options_.budgets[i];
        const auto excluded = options_.excluded.empty() ? std::span<const int32_t>()
                                                        : std::span(options_.excluded[i]);
        explain_one(targets[i], budget, excluded, cells, explained[i], skipped[i].reason);
        if (explained[i]) explained[i]->caution = doubts;
      }
      const std::lock_guard lock(progress_mutex_);
      progress_.advance(1, study_.genes.names[at(targets[i].gene)]);
    };
    // Many targets share the threads; few use them inside. The results are the same.
    if (static_cast<int64_t>(which.size()) >= int64_t{2} * context_.pool.threads()) {
      context_.pool.for_each(static_cast<int64_t>(which.size()),
                             [&](int64_t k) { one(which[at(k)]); });
    } else {
      for (const size_t i : which) one(i);
    }
  }

 private:
  std::unique_ptr<TypeCells> make_cells(std::optional<int32_t> type) const {
    auto cells =
        std::make_unique<TypeCells>(study_, surrogate_, type, options_.perturbation, context_.pool);
    if (!cells->test_cells.empty() && options_.off_target) {
      cells->rates = std::make_unique<AllRates>(*cells->test);
    }
    return cells;
  }

  /// Of a gene with a cis path the contrast of its set decides, and gate B.
  bool judged_by_gate_a(int32_t gene) const { return surrogate_.path_of(gene) == GenePath::kState; }

  /// The peaks that a search may mask; empty: all of them.
  std::vector<Feature> searched_peaks(int32_t gene, SearchDomain domain) const {
    if (domain == SearchDomain::kAll) return {};
    // The other peaks around a gene mark the state at most.
    auto fitted = surrogate_.term_peaks(gene);
    const bool of_terms = options_.domain == SearchDomain::kAuto && domain == SearchDomain::kCis;
    if (of_terms && !fitted.empty()) return fitted;
    return domain_peaks(study_, gene, domain, options_.domain_window);
  }

  /// Those of `peaks` (empty: of all) that are not excluded.
  std::vector<Feature> without(std::vector<Feature> peaks,
                               std::span<const int32_t> excluded) const {
    if (excluded.empty()) return peaks;
    if (peaks.empty()) peaks = indices_below(study_.peaks.size());
    std::erase_if(peaks, [&](Feature peak) {
      return std::find(excluded.begin(), excluded.end(), peak) != excluded.end();
    });
    return peaks;
  }

  /// Why a target should not be explained, or nothing.
  std::string doubts_of(const ExplainTarget& target, const std::vector<int32_t>& test_cells) const {
    std::string doubts = too_few(study_, target, test_cells, options_);
    if (judged_by_gate_a(target.gene) && surrogate_.fails_gate_a(target.gene)) {
      if (!doubts.empty()) doubts += "; ";
      doubts += kFailsGateA;
    }
    return doubts;
  }

  void explain_one(const ExplainTarget& asked, int64_t budget, std::span<const int32_t> excluded,
                   const TypeCells& cells, std::optional<ExplainedTarget>& result,
                   std::string& reason) const {
    const auto start = std::chrono::steady_clock::now();
    ExplainTarget target = asked;
    const GenePath path = surrogate_.path_of(target.gene);
    const SearchDomain domain = domain_for(options_.domain, path);
    const auto near = neighbours(study_, target.gene, options_.neighbourhood);
    std::vector<float> observed;
    ObjectiveInput input;
    input.cells = indices_below(cells.train->shape().cells);
    input.target = target.gene;
    input.allowed = searched_peaks(target.gene, domain);
    if (domain != SearchDomain::kAll && input.allowed.empty()) {
      reason = fmt::format("no peak lies in the domain {} (--domain-window)", domain_name(domain));
      return;
    }
    if (domain != SearchDomain::kAll || !excluded.empty()) {
      input.allowed = without(std::move(input.allowed), excluded);
      if (input.allowed.empty()) {
        reason = "no other peak is left to mask";
        return;
      }
      target.set_size = std::min(target.set_size, std::ssize(input.allowed));
    }
    if (options_.loss.kind == LossKind::kRate) input.left_out = near;
    if (options_.loss.reference == LossReference::kObserved) {
      observed = dense_expression(study_, cells.train_cells);
      input.observed = observed;
    }
    Objective objective;
    TargetData data;
    try {
      objective = make_objective(*cells.train, input, options_.loss);
      if (measured_) {
        data = target_data(study_, *measured_, target.gene, options_.domain_window,
                           wanted_sign(options_));
        data.backgrounds = backgrounds_.get();
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
      reason = error.what();  // this gene cannot be explained here; others can
      return;
    }
    if (budget > 0) objective.budget = budget;
    ExplainerOptions method = explainer_options(study_, target, options_);
    if (measured_) method.data = &data;
    Explanation explanation;
    const auto method_start = std::chrono::steady_clock::now();
    try {
      explanation = method_.explain(objective, method, context_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
      reason = error.what();
      return;
    }
    result.emplace();
    result->method_seconds = seconds_since(method_start);
    result->target = asked;
    result->path = path;
    result->domain = domain;
    result->method = method_.name();
    result->explanation = std::move(explanation);
    const auto& subset = result->explanation.subset;
    result->partners = find_partners(objective, subset, options_.partners);
    result->train_cells = static_cast<int64_t>(cells.train_cells.size());
    result->test_cells = cells.test_cells;
    const SetOutputs tested(*cells.test, {&target.gene, 1});
    result->before = tested.unmasked();
    clamp(result->before);
    result->after = clamped_after(result->before, tested.masked(subset));
    if (options_.off_target) {
      result->off_target = off_target(cells.rates->before(), cells.rates->after(subset), near);
    }
    result->cells_below_floor = cells_below_floor(objective.loss);
    result->seed = context_.seed;
    result->seconds = seconds_since(start);
  }

  const Study& study_;
  StudySurrogate surrogate_;
  const ExplainStageOptions& options_;
  const Context& context_;
  const Explainer& method_;
  std::optional<MeasuredCells> measured_;
  std::unique_ptr<LinkBackgrounds> backgrounds_;
  KeptTypes cells_;
  Progress progress_;
  std::mutex progress_mutex_;
};

}  // namespace

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
