#include "cis/kept_terms.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"

namespace grids::core {
namespace {

/// Precisions of the deviations by type that are compared; ∞ (no deviations) comes first.
constexpr double kDeviationRidges[] = {100, 25, 8, 3, 1};

/// Weak terms below this log factor only make tables longer.
constexpr double kLeastWeakWeight = 0.0005;

/// Times that state and weights are fitted in turn, once terms are chosen. What a peak shares with
/// the state is a tenth of its variance or less: each time leaves that share of what was off.
constexpr int kTurns = 2;

/// What the terms add to the log mean (or value) of each row.
std::vector<double> part_of_terms(const GeneProblem& problem, const TermFit& fit) {
  std::vector<double> part = fit.mean;
  for (size_t i = 0; i < part.size(); ++i) {
    if (problem.family() == CisResponse::kCounts) part[i] = std::log(part[i]);
    part[i] -= problem.base()[i] + fit.shift[at(problem.type()[i])];
  }
  return part;
}

/// State and weights of chosen terms fitted together: the frozen state holds what the terms share
/// with it, and weights beside it are too small by that. `state` and `found.fit` become those; the
/// problem beside that state.
GeneProblem fit_together(const KeptFrom& from, const GeneProblem& problem, TermSelection& found,
                         std::vector<double>& state) {
  GeneProblem beside = problem;
  const std::vector<double> values(problem.response().begin(), problem.response().end());
  for (int turn = 0; turn < kTurns && !found.terms.empty(); ++turn) {
    state = from.design.coefficients_beside(from.fitted, values, part_of_terms(beside, found.fit),
                                            found.dispersion, state);
    beside = beside.with_base(state_values(from.fitted, state));
    found.fit = fit_terms(beside, found.terms, kept_regression(found, from.options), &found.fit);
  }
  return beside;
}

/// The fit with deviations by type, if the evidence prefers one.
TermFit with_deviations(const GeneProblem& problem, const TermSelection& found,
                        const CisOptions& options) {
  if (!options.type_deviations || found.terms.empty() || problem.types() < 2) return found.fit;
  auto regression = kept_regression(found, options);
  regression.with_means = false;
  return likeliest_deviations(problem, found.terms, regression, kDeviationRidges, found.fit);
}

void store_terms(const GeneProblem& problem, const TermSelection& found, const TermFit& fit,
                 CisGene& gene) {
  gene.sum = found.sum;
  gene.dispersion = found.dispersion;
  gene.likelihood_gain = found.likelihood_gain;
  const size_t types = at(problem.types());
  for (size_t k = 0; k < found.terms.size(); ++k) {
    CisTerm term;
    term.kind = found.terms[k].kind;
    for (const int32_t peak : found.terms[k].peaks) {
      term.peaks.push_back(problem.study_peaks()[at(peak)]);
    }
    term.weight = fit.weight[k];
    term.inclusion = found.inclusion[k];
    if (!fit.deviation.empty()) {
      const auto first = fit.deviation.begin() + static_cast<long>(k * types);
      term.deviation.assign(first, first + static_cast<long>(types));
    }
    const bool counts_for_nothing = term.inclusion < 1 && std::abs(term.weight) < kLeastWeakWeight;
    if (!counts_for_nothing) gene.terms.push_back(std::move(term));
  }
  // The state gives up what its intercepts of types held of the terms.
  gene.state[0] += fit.shift[0];
  for (size_t type = 1; type < types; ++type) gene.state[type] += fit.shift[type] - fit.shift[0];
}

/// A share of what a term of this weight adds.
double scaled(double weight, double share, TermSum sum) {
  return sum == TermSum::kAdd ? std::log1p(share * std::expm1(weight)) : share * weight;
}

void scale_term(CisTerm& term, double share, TermSum sum) {
  if (share == 1) return;
  const double weight = term.weight;
  term.weight = scaled(weight, share, sum);
  for (double& deviation : term.deviation) {
    deviation = scaled(weight + deviation, share, sum) - term.weight;
  }
}

}  // namespace

std::vector<int32_t> chosen_peaks(const CisGene& gene) {
  std::vector<int32_t> peaks;
  for (const auto& term : gene.terms) {
    if (is_chosen(term)) peaks.insert(peaks.end(), term.peaks.begin(), term.peaks.end());
  }
  std::sort(peaks.begin(), peaks.end());
  peaks.erase(std::unique(peaks.begin(), peaks.end()), peaks.end());
  return peaks;
}

void average_over_folds(CisGene& gene, std::span<const std::vector<int32_t>> votes) {
  for (auto& term : gene.terms) {
    if (!is_chosen(term)) continue;
    const auto again = std::count_if(votes.begin(), votes.end(), [&](const auto& fold) {
      return std::includes(fold.begin(), fold.end(), term.peaks.begin(), term.peaks.end());
    });
    // The fit to all cells counts as one of them.
    scale_term(term, static_cast<double>(again + 1) / static_cast<double>(votes.size() + 1),
               gene.sum);
  }
}

void shrink_weak_terms(CisGene& gene, double share) {
  for (auto& term : gene.terms) {
    if (!is_chosen(term)) scale_term(term, share, gene.sum);
  }
}

void keep_terms(const KeptFrom& from, const GeneProblem& problem, TermSelection found,
                CisGene& gene) {
  const auto beside = fit_together(from, problem, found, gene.state);
  store_terms(beside, found, with_deviations(beside, found, from.options), gene);
}

}  // namespace grids::core
