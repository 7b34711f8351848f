#include "explain/target_explainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "model/set_outputs.hpp"
#include "study/chromatin.hpp"

namespace grids::core {
namespace {

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

/// That the target has too few cells to judge a result by, or nothing.
std::string too_few(const Study& study, const ExplainTarget& target,
                    const std::vector<int32_t>& test_cells, const ExplainStageOptions& options) {
  const auto cells = static_cast<int64_t>(test_cells.size());
  if (cells < options.min_test_cells) {
    return fmt::format("only {} test cells of at least {}", cells, options.min_test_cells);
  }
  const auto told = expressing_cells(study, target.type, target.gene, test_cells);
  if (told.expressing < options.min_expressing_cells) {
    return fmt::format("only {} of {} test cells{} express the gene, of at least {}",
                       told.expressing, told.cells, study.paired ? "" : " with RNA",
                       options.min_expressing_cells);
  }
  return "";
}

constexpr const char* kFailsGateA =
    "held-out cells are not predicted better than by depth, type, donor and batch (gate A, see "
    "cis.tsv)";

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

size_t cells_to_keep(const Study& study, int64_t memory) {
  constexpr double kBytesOfOpenPeak = 16;
  constexpr double kBytesOfCell = 8192;
  constexpr double kMost = 50'000;
  const auto cells = static_cast<double>(std::max<int64_t>(1, study.open.rows));
  const double bytes =
      kBytesOfCell + kBytesOfOpenPeak * static_cast<double>(study.open.nonzeros()) / cells;
  return static_cast<size_t>(std::min(kMost, static_cast<double>(memory) / 8 / bytes));
}

TargetExplainer::TargetExplainer(const Study& study, const StudySurrogate& surrogate,
                                 const ExplainStageOptions& options, const Context& context,
                                 int64_t targets, int64_t done)
    : study_(study),
      surrogate_(surrogate),
      options_(options),
      context_(context),
      method_(find_explainer(options.method)),
      cells_(cells_to_keep(study, context.memory)),
      progress_(context, "explain", targets, done) {
  if (!method_.needs_data()) return;
  measured_ = measured_cells(study);
  backgrounds_ = std::make_unique<LinkBackgrounds>(*measured_);
}

void TargetExplainer::explain_type(std::optional<int32_t> type,
                                   const std::vector<ExplainTarget>& targets,
                                   const std::vector<size_t>& which,
                                   std::vector<std::optional<ExplainedTarget>>& explained,
                                   std::vector<SkippedTarget>& skipped) {
  const size_t size =
      study_.cells_of(Split::kTrain, type).size() + study_.cells_of(Split::kTest, type).size();
  const TypeCells& cells = cells_.of(type, size, [&] { return make_cells(type); });
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
      const auto excluded =
          options_.excluded.empty() ? std::span<const int32_t>() : std::span(options_.excluded[i]);
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

std::unique_ptr<TypeCells> TargetExplainer::make_cells(std::optional<int32_t> type) const {
  auto cells =
      std::make_unique<TypeCells>(study_, surrogate_, type, options_.perturbation, context_.pool);
  if (!cells->test_cells.empty() && options_.off_target) {
    cells->rates = std::make_unique<AllRates>(*cells->test);
  }
  return cells;
}

std::vector<Feature> TargetExplainer::searched_peaks(int32_t gene, SearchDomain domain) const {
  if (domain == SearchDomain::kAll) return {};
  // The other peaks around a gene mark the state at most.
  auto fitted = surrogate_.term_peaks(gene);
  const bool of_terms = options_.domain == SearchDomain::kAuto && domain == SearchDomain::kCis;
  if (of_terms && !fitted.empty()) return fitted;
  return domain_peaks(study_, gene, domain, options_.domain_window);
}

std::vector<Feature> TargetExplainer::without(std::vector<Feature> peaks,
                                              std::span<const int32_t> excluded) const {
  if (excluded.empty()) return peaks;
  if (peaks.empty()) peaks = indices_below(study_.peaks.size());
  std::erase_if(peaks, [&](Feature peak) {
    return std::find(excluded.begin(), excluded.end(), peak) != excluded.end();
  });
  return peaks;
}

std::string TargetExplainer::doubts_of(const ExplainTarget& target,
                                       const std::vector<int32_t>& test_cells) const {
  std::string doubts = too_few(study_, target, test_cells, options_);
  if (judged_by_gate_a(target.gene) && surrogate_.fails_gate_a(target.gene)) {
    if (!doubts.empty()) doubts += "; ";
    doubts += kFailsGateA;
  }
  return doubts;
}

void TargetExplainer::explain_one(const ExplainTarget& asked, int64_t budget,
                                  std::span<const int32_t> excluded, const TypeCells& cells,
                                  std::optional<ExplainedTarget>& result,
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
    observed = observed_expression(study_, target.type, cells.train_cells);
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

}  // namespace grids::core
