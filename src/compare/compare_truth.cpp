#include "compare/compare_truth.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "search/set_partners.hpp"
#include "simulate/true_regulation_model.hpp"

namespace grids::core {
namespace {

/// The truth in the order of the study.
class StudyTruth {
 public:
  StudyTruth(const Study& study, const SimulatedTruth& truth)
      : study_(study), truth_(truth), regulation_(truth.truth, study.peaks.names) {
    for (size_t i = 0; i < truth.truth.genes.size(); ++i) {
      genes_.emplace(truth.truth.genes[i].gene, static_cast<int32_t>(i));
    }
    for (size_t i = 0; i < truth.cells.barcodes.size(); ++i) {
      cells_.emplace(truth.cells.barcodes[i], i);
    }
  }

  const TrueRegulation& regulation() const { return regulation_; }

  int32_t gene(int32_t gene) const {
    const auto& name = study_.genes.names[at(gene)];
    const auto found = genes_.find(name);
    if (found == genes_.end()) {
      throw input_error("the truth has no gene '{}'; was it simulated with these cells?", name);
    }
    return found->second;
  }

  size_t cell(int32_t cell) const {
    const auto& barcode = study_.cells.barcodes[at(cell)];
    const auto found = cells_.find(barcode);
    if (found == cells_.end()) {
      throw input_error(
          "cells.tsv of the truth has no cell '{}'; was it simulated with these cells?", barcode);
    }
    return found->second;
  }

  bool acts(int32_t gene, const ExplainTarget& target) const {
    const auto& types = truth_.truth.genes[at(gene)].types;
    return target.type
               ? std::find(types.begin(), types.end(), type_name(study_, target)) != types.end()
               : !types.empty();
  }

  /// The training cells of the target's type that are searched on.
  std::vector<int32_t> cells_of(const ExplainTarget& target, int32_t gene, TruthCells which) const {
    auto cells = study_.cells_of(Split::kTrain, target.type);
    if (which == TruthCells::kAll) return cells;
    const auto causes = regulation_.causes(gene);
    std::erase_if(cells, [&](int32_t cell) {
      const auto type = truth_.cells.type[this->cell(cell)];
      return !regulation_.acts(gene, type) ||
             !std::all_of(causes.begin(), causes.end(),
                          [&](int32_t peak) { return study_.open.contains(cell, peak); });
    });
    return cells;
  }

  TrueRegulationModel model(const std::vector<int32_t>& cells, int32_t gene,
                            std::vector<float> replacement) const {
    TrueRegulationInput input;
    input.open = select_rows(study_.open, cells);
    input.genes = {gene};
    input.replacement = std::move(replacement);
    for (const int32_t index : cells) {
      const size_t row = cell(index);
      input.types.push_back(truth_.cells.type[row]);
      const auto place = static_cast<int64_t>(row);
      input.state_rates.push_back(regulation_.state_rate(gene, truth_.cells.type[row],
                                                         truth_.cells.scores_of(place),
                                                         truth_.cells.batch_of(place)));
    }
    return {regulation_, std::move(input)};
  }

 private:
  const Study& study_;
  const SimulatedTruth& truth_;
  TrueRegulation regulation_;
  std::unordered_map<std::string_view, int32_t> genes_;
  std::unordered_map<std::string_view, size_t> cells_;
};

/// What one target gives, or nothing.
struct Searched {
  ComparedSet set;
  FoundSet found;
};

/// One method with one seed on the true function, target by target.
class TruthSearch {
 public:
  TruthSearch(const Study& study, const SimulatedTruth& truth, const CompareRun& run,
              const TruthOptions& options, const Context& context)
      : study_(study), truth_(study, truth), run_(run), options_(options), context_(context) {}

  /// `budget`: 0 = no limit.
  std::optional<Searched> search(const ExplainTarget& target, int64_t budget) const {
    const int32_t gene = truth_.gene(target.gene);
    if (!has_something_to_find(target, gene)) return std::nullopt;
    const auto cells = truth_.cells_of(target, gene, options_.cells);
    if (std::ssize(cells) < kLeastTruthCells) return std::nullopt;
    const ExplainStageOptions& explain = options_.explain;
    // What was planted lies in the window: there the true function is a cis path.
    const auto domain = domain_for(explain.domain, GenePath::kConfirmed);
    const auto allowed = domain_peaks(study_, target.gene, domain, explain.domain_window);
    if (domain != SearchDomain::kAll && allowed.empty()) return std::nullopt;
    const auto model =
        truth_.model(cells, gene, replacement_values(study_, explain.perturbation, target.type));
    Objective objective = objective_of(model, allowed);
    ExplainTarget searched = target;
    searched.set_size = std::min(target.set_size, std::ssize(objective.allowed));
    if (budget > 0) objective.budget = budget;
    const auto start = std::chrono::steady_clock::now();
    const auto found = explained(objective, searched);
    if (!found) return std::nullopt;
    Searched result;
    result.set = compared_set(target, *found, budget);
    result.set.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result.set.note = fmt::format("{} cells", cells.size());
    result.found = found_set(result.set, found->subset,
                             find_partners(objective, found->subset, explain.partners));
    return result;
  }

 private:
  /// `gene`: of the truth.
  bool has_something_to_find(const ExplainTarget& target, int32_t gene) const {
    const Regulation kind = truth_.regulation().kind(gene);
    if (kind == Regulation::kNone || !truth_.acts(gene, target)) return false;
    return options_.cells == TruthCells::kAll || kind == Regulation::kEither;
  }

  Objective objective_of(const TrueRegulationModel& model,
                         const std::vector<Feature>& allowed) const {
    ObjectiveInput input;
    input.cells = indices_below(model.shape().cells);
    input.allowed = allowed;
    LossOptions loss = options_.explain.loss;
    loss.beta = 0;  // there are no other genes
    loss.reference = LossReference::kPredicted;
    return make_objective(model, input, loss);
  }

  /// Nothing where the method cannot explain the gene.
  std::optional<Explanation> explained(Objective& objective, const ExplainTarget& target) const {
    try {
      return find_explainer(run_.method)
          .explain(objective, explainer_options(study_, target, options_.explain), context_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
      return std::nullopt;
    }
  }

  ComparedSet compared_set(const ExplainTarget& target, const Explanation& found,
                           int64_t budget) const {
    ComparedSet set;
    set.cell_type = type_name(study_, target);
    set.gene = study_.genes.names[at(target.gene)];
    set.method = run_.method;
    set.set_size = target.set_size;
    set.seed = run_.seed;
    set.allowance = run_.allowance;
    set.budget = budget;
    set.evaluations = found.evaluations;
    set.budget_spent = found.budget_spent;
    set.objective = found.objective;
    for (const Feature peak : found.subset) set.peaks.push_back(study_.peaks.names[at(peak)]);
    return set;
  }

  const Study& study_;
  const StudyTruth truth_;
  const CompareRun& run_;
  const TruthOptions& options_;
  const Context& context_;
};

}  // namespace

const char* truth_cells_name(TruthCells cells) {
  return cells == TruthCells::kAll ? "all" : "redundant";
}

SimulatedTruth read_simulated_truth(const std::filesystem::path& path) {
  const auto file = std::filesystem::is_directory(path) ? path / "truth.tsv" : path;
  const auto cells = file.parent_path() / "cells.tsv";
  SimulatedTruth truth;
  truth.truth = parse_truth(read_simulated_table(file));
  if (!std::filesystem::exists(cells)) {
    throw input_error(
        "{}: there is no cells.tsv beside it, which the true function needs; grids "
        "simulate writes both",
        file.string());
  }
  truth.cells = parse_cell_truth(truth.truth, read_simulated_table(cells));
  return truth;
}

void check_truth(const Study& study, const SimulatedTruth& simulated) {
  const StudyTruth truth(study, simulated);
  for (int32_t gene = 0; gene < study.genes.size(); ++gene) truth.gene(gene);
  for (int32_t cell = 0; cell < study.cells.size(); ++cell) truth.cell(cell);
}

std::vector<ComparedSet> compare_on_truth(const Study& study, const SimulatedTruth& simulated,
                                          const std::vector<ExplainTarget>& targets,
                                          const CompareRun& run, const TruthOptions& options,
                                          const Context& outer) {
  const Context context = outer.with_seed(run.seed);
  check_truth(study, simulated);
  if (find_explainer(run.method).needs_data()) return {};
  const TruthSearch search(study, simulated, run, options, context);
  std::vector<std::optional<Searched>> searched(targets.size());
  context.pool.for_each(static_cast<int64_t>(targets.size()), [&](int64_t i) {
    context.check_cancelled();
    searched[at(i)] = search.search(targets[at(i)], run.budgets.empty() ? 0 : run.budgets[at(i)]);
  });
  std::vector<ComparedSet> sets;
  std::vector<FoundSet> found;
  for (auto& entry : searched) {
    if (!entry) continue;
    sets.push_back(std::move(entry->set));
    found.push_back(std::move(entry->found));
  }
  add_recovery(found, study, simulated.truth, sets);
  return sets;
}

std::vector<TargetRequest> planted_targets(const Study& study, const Truth& truth, int64_t count,
                                           int64_t set_size) {
  const std::unordered_set<std::string_view> kept(study.peaks.names.begin(),
                                                  study.peaks.names.end());
  std::map<Regulation, int64_t> taken;
  std::vector<TargetRequest> requests;
  for (const GeneTruth& gene : truth.genes) {
    if (gene.kind == Regulation::kNone || taken[gene.kind] >= count) continue;
    if (!study.genes.index_of(gene.gene) ||
        !std::all_of(gene.peaks.begin(), gene.peaks.end(),
                     [&](const std::string& peak) { return kept.contains(peak); })) {
      continue;
    }
    std::string best;
    size_t most = 0;
    for (const auto& type : gene.types) {
      const auto code = study.cells.type.code_of(type);
      const size_t cells = code ? study.cells_of(Split::kTrain, code).size() : 0;
      if (cells > most) {
        most = cells;
        best = type;
      }
    }
    if (best.empty()) continue;
    ++taken[gene.kind];
    requests.push_back({best, gene.gene, set_size});
  }
  return requests;
}

}  // namespace grids::core
