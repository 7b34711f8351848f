#include "cis/fit_cis.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "base/nan.hpp"
#include "cis/cis_rows.hpp"
#include "cis/gates.hpp"
#include "cis/gene_problem.hpp"
#include "cis/kept_terms.hpp"
#include "cis/state_part.hpp"
#include "cis/term_search.hpp"

namespace grids::core {
namespace {

/// What tells how much is missed is above all what peaks that go together say of each other. In the
/// search itself they are left out: terms are refitted to observed openness, in which a peak that
/// stands in for a missed one has its use.
constexpr size_t kNeighboursOfEstimate = 3;

/// What all genes share.
struct Shared {
  const Study& study;
  const CisOptions& options;
  const CisPath& shape;
  const CisRows& fitted;
  const StateDesign& design;
  double capture;                  ///< that is used, never 0
  std::vector<double> open_peaks;  ///< of each fitted row's cell
  std::vector<double> seen;        ///< see openness.hpp

  /// Intercept, type, donor, batch, log open peaks.
  size_t plain_columns() const { return at(shape.first_latent()); }
};

/// Means of validation cells, from log means.
std::vector<double> means(CisResponse response, std::vector<double> values) {
  if (response == CisResponse::kCounts) {
    for (double& value : values) value = std::exp(std::clamp(value, -30.0, 30.0));
  }
  return values;
}

/// A gene's fit, and its state alone, without and with latents.
struct GeneFit {
  CisGene gene;
  StateDesign::Fit plain, state;
};

/// Without and with latents, the second sought from the first.
std::pair<StateDesign::Fit, StateDesign::Fit> fit_states(const Shared& shared,
                                                         const std::vector<double>& values) {
  auto plain = shared.design.fit(shared.fitted, values, shared.plain_columns());
  auto state = shared.design.fit(shared.fitted, values, SIZE_MAX, &plain);
  return {std::move(plain), std::move(state)};
}

/// A gene beside its state, and the terms that are found for it.
struct Searched {
  GeneProblem problem;
  TermSelection found;
};

Searched search_gene(const Shared& shared, int32_t id, std::vector<double> values,
                     const StateDesign::Fit& state) {
  const auto window = window_peaks(shared.study, id, shared.options.window);
  GeneProblem problem(shared.fitted, shared.shape.response, window, shared.options.least_open,
                      std::move(values), state_values(shared.fitted, state.coefficients));
  std::optional<ExpectedTerms> expected;
  if (shared.capture < 1) expected.emplace(problem, shared.open_peaks, shared.seen);
  const Companions companions(problem, shared.open_peaks);
  auto found = search_terms(problem, shared.options, expected.has_value() ? &*expected : nullptr,
                            &companions);
  return {std::move(problem), std::move(found)};
}

GeneFit fit_gene(const Shared& shared, int32_t id) {
  auto values = shared.fitted.response(id);
  GeneFit fit;
  std::tie(fit.plain, fit.state) = fit_states(shared, values);
  auto [problem, found] = search_gene(shared, id, std::move(values), fit.state);
  fit.gene.gene = id;
  fit.gene.window_peaks = static_cast<int64_t>(problem.peaks());
  fit.gene.state = fit.state.coefficients;
  keep_terms({shared.fitted, shared.design, shared.options}, problem, std::move(found), fit.gene);
  return fit;
}

/// What `fit_gene` would say of the gene, without what becomes of its terms.
FirstFit first_fit(const Shared& shared, int32_t id) {
  auto values = shared.fitted.response(id);
  const auto state = fit_states(shared, values).second;
  const auto found = search_gene(shared, id, std::move(values), state).found;
  const bool chosen =
      std::find(found.inclusion.begin(), found.inclusion.end(), 1.0) != found.inclusion.end();
  return {id, found.likelihood_gain, chosen};
}

/// What the search reaches; at capture 1 too by expected terms, so that all captures are compared
/// on one footing.
double objective_of(const Shared& shared, int32_t id) {
  const auto window = window_peaks(shared.study, id, shared.options.window);
  auto values = shared.fitted.response(id);
  const auto state = fit_states(shared, values).second;
  const GeneProblem problem(shared.fitted, shared.shape.response, window, shared.options.least_open,
                            std::move(values), state_values(shared.fitted, state.coefficients));
  const ExpectedTerms expected(problem, shared.open_peaks, shared.seen, kNeighboursOfEstimate);
  return search_terms(problem, shared.options, &expected).objective;
}

std::vector<double> open_peaks_of(const Study& study, const CisRows& rows) {
  std::vector<double> open;
  for (const int32_t cell : rows.cells) open.push_back(study.cells.open_peaks[at(cell)]);
  return open;
}

Shared share(const Study& study, const CisOptions& options, const CisPath& shape,
             const CisRows& fitted, const StateDesign& design, double capture) {
  auto open = open_peaks_of(study, fitted);
  auto seen = seen_probability(open, capture);
  return {study, options, shape, fitted, design, capture, std::move(open), std::move(seen)};
}

struct GenePairSums {
  GateSums whole, cis;
};

/// Gate A judges latents, and the encoder has seen the expression of the training cells: what it
/// learnt of them by heart would look like a gain.
struct ValidationCells {
  std::vector<double> values, smaller, larger;
  std::vector<int32_t> type;
};

ValidationCells validation_cells(const Study& study, const CisRows& rows, const GateInput& all) {
  ValidationCells kept;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (study.cells.split[at(rows.cells[i])] != Split::kValidation) continue;
    kept.values.push_back(all.values[i]);
    kept.smaller.push_back(all.smaller[i]);
    kept.larger.push_back(all.larger[i]);
    kept.type.push_back(all.type[i]);
  }
  return kept;
}

/// The gene with those terms alone that were chosen, without weak ones.
CisGene chosen_terms_of(const CisGene& gene) {
  CisGene result = gene;
  std::erase_if(result.terms, [](const CisTerm& term) { return !is_chosen(term); });
  return result;
}

/// Adds the cis path's part to the log mean (or value) of each row: `cis_part`, term by term.
void add_cis_part(const CisGene& gene, const CisRows& rows, std::vector<double>& values) {
  const bool adds = gene.sum == TermSum::kAdd;
  std::vector<double> sum(rows.size()), weight(rows.type_begin.size() - 1);
  std::vector<int32_t> open(rows.size());
  for (const auto& term : gene.terms) {
    for (size_t type = 0; type < weight.size(); ++type) {
      weight[type] = term.weight_in(static_cast<int32_t>(type));
      if (adds) weight[type] = std::expm1(weight[type]);
    }
    std::fill(open.begin(), open.end(), 0);
    for (const int32_t peak : term.peaks) {
      for (const int32_t row : rows.peaks.row(peak)) ++open[at(row)];
    }
    const auto least = term.kind == TermKind::kAll ? std::ssize(term.peaks) : 1;
    for (size_t i = 0; i < sum.size(); ++i) {
      sum[i] += open[i] >= least ? weight[at(rows.type[i])] : 0;
    }
  }
  for (size_t i = 0; i < sum.size(); ++i) {
    const bool rests = !adds || sum[i] == 0;
    values[i] += rests ? sum[i] : std::log1p(std::max(sum[i], kLeastCisSum));
  }
}

/// How much better the fit predicts cells that it has not seen.
GenePairSums judge_on(const Shared& shared, const CisRows& rows, const GeneFit& fit) {
  const auto response = shared.shape.response;
  const auto& gene = fit.gene;
  const CisGene chosen = chosen_terms_of(gene);
  auto whole = state_values(rows, gene.state);
  auto between = whole;
  add_cis_part(gene, rows, whole);
  add_cis_part(chosen, rows, between);
  const auto values = rows.response(gene.gene);
  const auto larger = means(response, std::move(whole));
  const auto by_depth = means(response, state_values(rows, fit.plain.coefficients));
  const auto by_state = means(response, state_values(rows, fit.state.coefficients));
  GenePairSums sums;
  const auto unseen = validation_cells(
      shared.study, rows, {response, values, by_depth, larger, {}, rows.type, gene.dispersion});
  sums.whole = gate_sums(
      {response, unseen.values, unseen.smaller, unseen.larger, {}, unseen.type, gene.dispersion});
  if (!gene.terms.empty()) {
    const auto by_chosen = means(response, std::move(between));
    sums.cis =
        gate_sums({response, values, by_state, larger, by_chosen, rows.type, gene.dispersion});
  } else {
    sums.cis.cells = static_cast<double>(rows.size());
  }
  return sums;
}

/// Genes that can be fitted among those asked for; the others go to `skipped`.
std::vector<int32_t> choose_genes(const Study& study, const CisOptions& options,
                                  const std::vector<int32_t>& wanted, const CisRows& rows,
                                  std::vector<int32_t>& skipped) {
  std::vector<int32_t> chosen;
  for (const int32_t gene : wanted) {
    const bool fits = !window_peaks(study, gene, options.window).empty() &&
                      !rows.responses.row_indices(gene).empty();
    (fits ? chosen : skipped).push_back(gene);
  }
  return chosen;
}

/// The genes asked for, ascending; without any, all.
std::vector<int32_t> asked_genes(const Study& study, const CisOptions& options) {
  std::vector<int32_t> wanted = options.genes;
  if (wanted.empty()) return indices_below(study.genes.size());
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (const int32_t gene : wanted) {
    if (gene < 0 || gene >= study.genes.size()) {
      throw input_error("cis path: gene {} of {} does not exist", gene, study.genes.size());
    }
  }
  return wanted;
}

/// Of an atlas only what these genes need is laid out.
CisColumns columns_of(const Study& study, const CisOptions& options,
                      const std::vector<int32_t>& wanted) {
  if (options.genes.empty()) return {};
  return cis_columns(study, wanted, options.window);
}

void require_usable(const Study& study, const std::vector<int32_t>& cells) {
  if (cells.size() < 20) {
    throw input_error("cis path: {} training cells; prepare the study with more", cells.size());
  }
  for (int64_t gene = 0; gene < study.genes.size(); ++gene) {
    if (study.genes.has_position(gene)) return;
  }
  throw input_error(
      "cis path: no gene has a position, so single elements cannot be seen; prepare the study with "
      "--genes");
}

struct Fold {
  std::vector<int32_t> fitted, held;
};

struct FoldPlan {
  std::vector<int32_t> fitted;  ///< cells of the final fit, ascending
  std::vector<Fold> folds;
};

/// Cells of a type are dealt to the folds in turn.
FoldPlan plan_folds(const Study& study, int32_t folds) {
  FoldPlan plan;
  if (folds == 0) {
    plan.fitted = study.cells_of(Split::kTrain);
    return plan;
  }
  plan.folds.resize(at(folds));
  std::vector<int32_t> dealt(study.cells.type.names.size());
  for (int32_t cell = 0; cell < study.cells.size(); ++cell) {
    if (study.cells.split[at(cell)] == Split::kTest) continue;
    plan.fitted.push_back(cell);
    const auto held = at(dealt[at(study.cells.type.codes[at(cell)])]++ % folds);
    for (size_t fold = 0; fold < plan.folds.size(); ++fold) {
      (fold == held ? plan.folds[fold].held : plan.folds[fold].fitted).push_back(cell);
    }
  }
  return plan;
}

/// Calls `work(i)` for all i in parallel, in portions between which progress is told and a wish to
/// stop is heard.
void for_portions(size_t count, const Context& context, Progress& progress,
                  const std::function<void(size_t)>& work) {
  constexpr size_t kPortion = 64;
  for (size_t begin = 0; begin < count; begin += kPortion) {
    const size_t size = std::min(kPortion, count - begin);
    context.pool.for_each(static_cast<int64_t>(size), [&](int64_t i) { work(begin + at(i)); });
    progress.advance(static_cast<int64_t>(size));
  }
}

std::vector<CisGene> genes_of(const std::vector<GeneFit>& fits) {
  std::vector<CisGene> genes;
  genes.reserve(fits.size());
  for (const auto& fit : fits) genes.push_back(fit.gene);
  return genes;
}

std::vector<FirstFit> first_fits_of(const std::vector<GeneFit>& fits) {
  std::vector<FirstFit> result;
  result.reserve(fits.size());
  for (const auto& [gene, plain, state] : fits) {
    result.push_back({gene.gene, gene.likelihood_gain,
                      std::any_of(gene.terms.begin(), gene.terms.end(), is_chosen)});
  }
  return result;
}

CaptureEstimate estimate_from(const Study& study, const CisOptions& options, const CisPath& shape,
                              const CisRows& rows, std::span<const FirstFit> fits,
                              const Context& context) {
  const StateDesign design(rows, shape.response, options.state_ridge);
  const auto objective = [&](double capture) -> GeneObjective {
    return [shared = share(study, options, shape, rows, design, capture)](int32_t gene) {
      return objective_of(shared, gene);
    };
  };
  return estimate_capture(fits, objective, context);
}

CisPath shape_of(const Study& study, std::span<const float> latents) {
  const auto all = std::max<int64_t>(1, study.cells.size());
  return empty_cis_path(study, static_cast<int64_t>(latents.size()) / all);
}

}  // namespace

void CisOptions::describe(OptionSet& set) {
  set.value("--cis-window", window,
            "Peaks within this distance (bp) of a gene's TSS are candidates",
            at_least(1).at_most(1'000'000));
  set.value("--gate-folds", gate_folds,
            "Folds of training and validation cells that judge the cis path; 0 = validation cells "
            "alone, faster and with less power",
            at_least(0).at_most(20));
  set.value("--gate-fdr", false_discovery_rate,
            "False discovery rate over genes, below which a gene's cis path is used",
            above(0).below(1));
  set.inner("least-open", least_open, at_least(1));
  set.inner("most-terms", most_terms, at_least(0).at_most(kMostTerms));
  set.inner("most-peaks", most_peaks, at_least(2));
  set.inner("first-term-cost", first_term_cost, {});
  set.inner("next-term-cost", next_term_cost, {});
  set.inner("weight-ridge", weight_ridge, above(0));
  set.inner("kept-ridge", kept_ridge, above(0));
  set.inner("state-ridge", state_ridge, at_least(0));
  set.inner("any-cost", any_cost, at_least(0));
  set.inner("least-inclusion", least_inclusion, above(0).at_most(1));
  set.inner("capture", capture, at_least(0).at_most(1));  // 0: estimated
  set.rule([this](Problems& problems) {
    if (gate_folds == 1) problems.add("--gate-folds must be 0, or 2 or more, not 1");
  });
}

CisFit fit_cis(const Study& study, std::span<const float> latents, const CisOptions& options,
               const Context& context) {
  validate(options, "cis path");
  CisFit fit;
  fit.path = shape_of(study, latents);
  FoldPlan plan = plan_folds(study, options.gate_folds);
  require_usable(study, plan.fitted);
  const auto wanted = asked_genes(study, options);
  const auto columns = columns_of(study, options, wanted);
  const auto rows = cis_rows(study, latents, fit.path, plan.fitted, columns);
  const auto genes = choose_genes(study, options, wanted, rows, fit.skipped);
  const bool estimated = options.capture == 0;
  const auto once = static_cast<int64_t>(genes.size());
  // An estimate of capture is made from a first fit, which it may make anew.
  const int64_t fits = (estimated ? 2 : 1) + std::ssize(plan.folds);
  Progress progress(context, "cis path", once * fits);
  std::vector<GenePairSums> sums(genes.size());
  const auto run = [&](const CisRows& fitted, const CisRows* held, double capture) {
    const StateDesign design(fitted, fit.path.response, options.state_ridge);
    const Shared shared = share(study, options, fit.path, fitted, design, capture);
    std::vector<GeneFit> made(genes.size());
    for_portions(genes.size(), context, progress, [&](size_t i) {
      auto gene = fit_gene(shared, genes[i]);
      if (held != nullptr) {
        const auto part = judge_on(shared, *held, gene);
        sums[i].whole += part.whole;
        sums[i].cis += part.cis;
      }
      made[i] = std::move(gene);
    });
    return made;
  };
  fit.capture.capture = estimated ? 1 : options.capture;
  // Without folds the final fit is also what is judged.
  CisRows held;
  if (plan.folds.empty()) {
    held = cis_rows(study, latents, fit.path, study.cells_of(Split::kValidation), columns);
  }
  const auto final_fit = [&] {
    std::fill(sums.begin(), sums.end(), GenePairSums{});
    return run(rows, plan.folds.empty() ? &held : nullptr, fit.capture.capture);
  };
  auto made = final_fit();
  if (estimated) {
    fit.capture = estimate_from(study, options, fit.path, rows, first_fits_of(made), context);
    if (fit.capture.capture < 1) {
      made = final_fit();
    } else {
      progress.advance(once);
    }
  }
  std::vector<std::vector<std::vector<int32_t>>> votes(genes.size());  // by gene and fold
  for (const auto& fold : plan.folds) {
    const auto fold_rows = cis_rows(study, latents, fit.path, fold.fitted, columns);
    const auto fold_held = cis_rows(study, latents, fit.path, fold.held, columns);
    const auto of_fold = run(fold_rows, &fold_held, fit.capture.capture);
    for (size_t i = 0; i < genes.size(); ++i) votes[i].push_back(chosen_peaks(of_fold[i].gene));
  }
  // Not before: the path without genes is the shape that the fits share.
  fit.path.genes = genes_of(made);
  for (size_t i = 0; i < genes.size(); ++i) {
    fit.path.genes[i].whole = test_gate(sums[i].whole);
    fit.path.genes[i].cis = test_gate(sums[i].cis);
  }
  judge_gates(fit.path, options.false_discovery_rate);
  note_capture(fit.path, fit.capture);
  for (size_t i = 0; i < genes.size(); ++i) {
    auto& gene = fit.path.genes[i];
    average_over_folds(gene, votes[i]);
    shrink_weak_terms(gene, kept_share(sums[i].cis));
  }
  return fit;
}

std::vector<FirstFit> first_cis_fits(const Study& study, std::span<const float> latents,
                                     const CisOptions& options, const Context& context) {
  validate(options, "cis path");
  const CisPath shape = shape_of(study, latents);
  const FoldPlan plan = plan_folds(study, options.gate_folds);
  require_usable(study, plan.fitted);
  const auto wanted = asked_genes(study, options);
  const auto rows =
      cis_rows(study, latents, shape, plan.fitted, columns_of(study, options, wanted));
  std::vector<int32_t> skipped;
  const auto genes = choose_genes(study, options, wanted, rows, skipped);
  const StateDesign design(rows, shape.response, options.state_ridge);
  const Shared shared = share(study, options, shape, rows, design, 1);
  std::vector<FirstFit> fits(genes.size());
  Progress progress(context, "cis path", std::ssize(genes));
  for_portions(genes.size(), context, progress,
               [&](size_t i) { fits[i] = first_fit(shared, genes[i]); });
  return fits;
}

CaptureEstimate estimate_cis_capture(const Study& study, std::span<const float> latents,
                                     const CisOptions& options, std::span<const FirstFit> fits,
                                     const Context& context) {
  const CisPath shape = shape_of(study, latents);
  const FoldPlan plan = plan_folds(study, options.gate_folds);
  // Of an atlas only what these need is laid out.
  const auto strongest = strongest_genes(fits);
  const auto columns = cis_columns(study, strongest, options.window);
  const auto rows = cis_rows(study, latents, shape, plan.fitted, columns);
  return estimate_from(study, options, shape, rows, fits, context);
}

void judge_gates(CisPath& path, double false_discovery_rate) {
  std::vector<CisGate*> whole, cis;
  for (auto& gene : path.genes) {
    whole.push_back(&gene.whole);
    cis.push_back(&gene.cis);
  }
  judge(whole, false_discovery_rate, GateRule::kAndGain);
  judge(cis, false_discovery_rate, GateRule::kTested);
}

void note_capture(CisPath& path, const CaptureEstimate& capture) {
  const bool told = capture.capture < 1 || !capture.profile.empty();
  path.capture = told ? capture.capture : 0;
  path.capture_profile = capture.profile;
}

}  // namespace grids::core
