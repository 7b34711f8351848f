#include "cis/term_trials.hpp"

#include <algorithm>
#include <cmath>

#include "math/statistics.hpp"

namespace grids::core {
namespace {

/// Means of fits that are kept for when they are asked for again, at most: 32 MB a gene.
constexpr size_t kMostKeptMeans = size_t{4} << 20;

// However few the candidates: about one term in twenty that is not there would gain this.
constexpr double kLeastCost = 2;

/// What the log likelihood of a count has but for its mean.
double constant_of(double count, double dispersion) {
  if (count == 0) return 0;
  double sum = -log_gamma(count + 1);
  // Γ(y + 1/φ) φ^y / Γ(1/φ): for whole counts a product without cancellation.
  if (count == std::floor(count) && count < 1000) {
    for (double k = 1; k < count; ++k) sum += std::log1p(dispersion * k);
    return sum;
  }
  return sum + log_gamma(count + 1 / dispersion) - log_gamma(1 / dispersion) +
         count * std::log(dispersion);
}

/// Counts and how often each is there.
std::vector<std::pair<double, double>> tallied(std::span<const double> counts) {
  std::vector<double> sorted(counts.begin(), counts.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::pair<double, double>> tally;
  for (const double count : sorted) {
    if (tally.empty() || tally.back().first != count) tally.emplace_back(count, 0.0);
    tally.back().second += 1;
  }
  return tally;
}

bool before(const WindowTerm& a, const WindowTerm& b) {
  return a.kind != b.kind ? a.kind < b.kind : a.peaks < b.peaks;
}

bool sets_before(const std::vector<WindowTerm>& a, const std::vector<WindowTerm>& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), before);
}

std::vector<WindowTerm> in_order(std::vector<WindowTerm> terms) {
  std::sort(terms.begin(), terms.end(), before);
  return terms;
}

/// The same trial with its terms, and their weights, in another order.
TermTrial rearranged(const TermTrial& trial, std::vector<WindowTerm> terms) {
  TermTrial result = trial;
  for (size_t k = 0; k < terms.size(); ++k) {
    const auto place = std::lower_bound(trial.terms.begin(), trial.terms.end(), terms[k], before);
    result.fit.weight[k] = trial.fit.weight[at(place - trial.terms.begin())];
  }
  result.terms = std::move(terms);
  return result;
}

}  // namespace

TermTrials::TermTrials(const GeneProblem& problem, const CisOptions& options,
                       const ExpectedTerms* expected)
    : problem_(problem),
      options_(options),
      expected_(expected),
      tally_(problem.family() == CisResponse::kCounts ? tallied(problem.response())
                                                      : std::vector<std::pair<double, double>>()),
      known_(sets_before) {
  const bool counts = problem.family() == CisResponse::kCounts;
  set_dispersion(dispersion_at(problem, counts ? problem.exp_base() : problem.base()));
  set_dispersion(dispersion_at(problem, means(fitted({}))));
  if (expected_ != nullptr && options.pairs) {
    information_ = expected_->pair_information(scores(fitted({})).rows);
  }
}

void TermTrials::set_dispersion(double dispersion) {
  dispersion_ = dispersion;
  constant_ = constant();
  known_.clear();
}

/// Of the log likelihood at the present dispersion: what `term_log_likelihood` leaves out.
double TermTrials::constant() const {
  if (problem_.family() == CisResponse::kLogValues) {
    return -static_cast<double>(problem_.rows()) * std::log(dispersion_) / 2;
  }
  double sum = 0;
  for (const auto& [count, rows] : tally_) sum += rows * constant_of(count, dispersion_);
  return sum;
}

void TermTrials::begin_at(const TermTrial& trial) {
  begun_ = trial;
  begun_.fit.mean = {};
  known_.clear();
}

void TermTrials::be_exact() {
  tolerance_ = kFisherTolerance;
  known_.clear();
}

TermFit TermTrials::start_of(const std::vector<WindowTerm>& terms) const {
  TermFit start;
  start.shift = begun_.fit.shift;
  start.depth_slope = begun_.fit.depth_slope;
  for (const auto& term : terms) {
    const auto found = std::find(begun_.terms.begin(), begun_.terms.end(), term);
    const auto place = at(found - begun_.terms.begin());
    start.weight.push_back(found == begun_.terms.end() ? 0 : begun_.fit.weight[place]);
  }
  return start;
}

double TermTrials::cost(const WindowTerm& term) const {
  const auto m = static_cast<double>(problem_.peaks());
  const size_t size = term.peaks.size();
  double ways = size > 1 ? 2 : 1;  // kAll, kAny
  for (size_t i = 0; i < size; ++i) {
    ways *= std::max(1.0, m - static_cast<double>(i)) / static_cast<double>(i + 1);
  }
  const double any = term.kind == TermKind::kAny ? static_cast<double>(size - 1) : 0;
  return std::max(kLeastCost, std::log(ways) + options_.next_term_cost) + any * options_.any_cost;
}

double TermTrials::cost(const std::vector<WindowTerm>& terms) const {
  double sum = terms.empty() ? 0 : options_.first_term_cost - options_.next_term_cost;
  for (const auto& term : terms) sum += cost(term);
  return sum;
}

std::vector<TermFit> TermTrials::fits(const std::vector<WindowTerm>& terms,
                                      std::span<const TermSum> sums) const {
  TermRegressionOptions regression;
  regression.dispersion = dispersion_;
  regression.weight_ridge = options_.weight_ridge;
  regression.type_ridge = options_.state_ridge;
  regression.tolerance = tolerance_;
  regression.with_means = false;
  const TermFit start = start_of(terms);
  if (expected_ == nullptr) return fit_sums(problem_, terms, regression, sums, &start);
  std::vector<TermFit> result;
  for (const TermSum sum : sums) {
    regression.sum = sum;
    result.push_back(expected_->fit(terms, regression, &start));
  }
  return result;
}

TermTrial TermTrials::fit_either(const std::vector<WindowTerm>& terms) const {
  constexpr TermSum kSums[] = {TermSum::kMultiply, TermSum::kAdd};
  const bool may_add =
      options_.adding && terms.size() > 1 && problem_.family() == CisResponse::kCounts;
  auto found = fits(terms, std::span(kSums).first(may_add ? 2 : 1));
  TermTrial best;
  best.terms = terms;
  const double apart = constant_ - cost(terms);
  for (size_t i = 0; i < found.size(); ++i) {
    const double objective = found[i].log_likelihood + apart;
    if (objective <= best.objective) continue;
    best.objective = objective;
    best.fit = std::move(found[i]);
    best.sum = kSums[i];
  }
  return best;
}

TermTrial TermTrials::fitted(std::vector<WindowTerm> terms) {
  const auto sorted = in_order(terms);
  const auto known = known_.find(sorted);
  if (known != known_.end()) return rearranged(known->second, std::move(terms));
  auto trial = fit_either(sorted);
  auto result = rearranged(trial, std::move(terms));
  if (known_.size() * problem_.rows() < kMostKeptMeans) known_.emplace(sorted, std::move(trial));
  return result;
}

TermTrial TermTrials::at_own_dispersion(TermTrial trial) {
  const double present = dispersion_;
  begin_at(trial);
  set_dispersion(dispersion_at(problem_, means(trial)));
  auto moved = fitted(trial.terms);
  if (moved.objective > trial.objective) return moved;
  set_dispersion(present);
  return trial;
}

TermTrial TermTrials::by_observation(const TermTrial& trial) {
  expected_ = nullptr;
  begin_at(trial);
  return at_own_dispersion(fitted(trial.terms));
}

TermTrials::Scores TermTrials::scores(const TermTrial& trial) const {
  Scores result{row_scores(problem_, means(trial), dispersion_), {}};
  if (expected_ == nullptr) result.totals = scan_totals(problem_, result.rows);
  return result;
}

std::vector<double> TermTrials::means(const TermTrial& trial) const {
  if (!trial.fit.mean.empty()) return trial.fit.mean;
  return term_means(problem_, trial.terms, trial.sum, trial.fit);
}

PairScan TermTrials::scan(const TermTrial& trial, size_t most) const {
  const auto of_rows = row_scores(problem_, means(trial), dispersion_);
  if (expected_ == nullptr) return scan_pairs(problem_, of_rows, most, !options_.pairs);
  if (options_.pairs) return expected_->scan_pairs(of_rows, information_, most);
  PairScan singles(most);
  singles.single = expected_->scan_extensions(of_rows, {}, TermKind::kAll, most);
  return singles;
}

BestCandidates TermTrials::extensions(const Scores& scores, const WindowTerm& base, TermKind kind,
                                      size_t most) const {
  if (expected_ != nullptr) return expected_->scan_extensions(scores.rows, base, kind, most);
  return scan_extensions(problem_, scores.rows, scores.totals, base, kind, most);
}

}  // namespace grids::core
