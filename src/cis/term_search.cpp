#include "cis/term_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/negative_binomial.hpp"
#include "cis/expected_terms.hpp"
#include "cis/stand_ins.hpp"
#include "cis/term_scan.hpp"

namespace grids {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

constexpr size_t kScanned = 3;       // candidates of each kind that a scan returns
constexpr size_t kTried = 5;         // of them, exact fits in a round
constexpr double kWorthTrying = -4;  // approximate gains beyond the cost that are tried
constexpr double kLeastGain = 0.02;  // rounding aside
// However few the candidates: about one term in twenty that is not there would gain this.
constexpr double kLeastCost = 2;
constexpr int kCycles = 3;  // of growing and polishing
// The dispersion is fitted anew after each move, and what is better at one dispersion may be worse
// at the next: without an end two sets of terms could follow each other for ever.
constexpr int kMostMoves = 40;

/// Terms with their exact fit.
struct Trial {
  std::vector<WindowTerm> terms;
  TermSum sum = TermSum::kMultiply;
  TermFit fit;
  double objective = -std::numeric_limits<double>::infinity();
};

class TermSearch {
 public:
  TermSearch(const GeneProblem& problem, const CisOptions& options, const ExpectedTerms* expected,
             const Companions* companions)
      : problem_(problem), options_(options), expected_(expected), companions_(companions) {
    dispersion_ = dispersion_at(problem, initial_mean());
    current_ = fitted({});
    dispersion_ = dispersion_at(problem, current_.fit.mean);
    current_ = fitted({});
    if (expected_ != nullptr && options.pairs) {
      information_ = expected_->pair_information(scores_of(current_));
    }
  }

  TermSelection run() {
    climb();
    // What a stand-in explained may be left to something else.
    for (int round = 0; round < kCycles && explain_away(); ++round) climb();
    while (explain_away()) {
    }
    const double searched = complete_objective();
    const auto weak = weak_candidates();
    if (expected_ != nullptr) {
      expected_ = nullptr;
      dispersion_ = dispersion_at(problem_, fitted(current_.terms).fit.mean);
      current_ = fitted(std::move(current_.terms));
    }
    TermSelection result;
    result.objective = searched;
    result.terms = current_.terms;
    result.inclusion.assign(result.terms.size(), 1);
    result.sum = current_.sum;
    result.dispersion = dispersion_;
    result.fit = current_.fit;
    result.likelihood_gain = current_.fit.log_likelihood - fitted({}).fit.log_likelihood;
    add_weak_terms(weak, result);
    return result;
  }

 private:
  void climb() {
    int moves = 0;
    for (int cycle = 0; cycle < kCycles; ++cycle) {
      const int before = moves;
      while (moves < kMostMoves && grow()) ++moves;
      while (moves < kMostMoves && (polish() || split())) ++moves;
      if (moves == before) break;
    }
  }

  /// A single peak beside the chosen terms.
  struct WeakTerm {
    Candidate candidate;
    double odds;  // of belonging to the gene
    bool member;  // of a chosen term of kind kAny: a question of its own
  };

  WeakTerm weak_term(const Candidate& candidate) const {
    const int32_t peak = candidate.term.peaks[0];
    for (const auto& term : current_.terms) {
      if (term.kind == TermKind::kAny &&
          std::binary_search(term.peaks.begin(), term.peaks.end(), peak)) {
        // Known to matter; the question is whether it matters more than its substitutes, which is
        // as likely as not: ATAC misses causes, and what goes along with them stands in.
        return {candidate, std::exp(std::min(50.0, candidate.gain)), true};
      }
    }
    const double first =
        current_.terms.empty() ? options_.first_term_cost - options_.next_term_cost : 0;
    const double beyond = candidate.gain - cost(candidate.term) - first;
    return {candidate, std::exp(std::min(50.0, beyond)), false};
  }

  /// All single peaks that were not chosen, members of chosen terms first, then by gain.
  std::vector<WeakTerm> weak_candidates() const {
    std::vector<WeakTerm> weak;
    const auto scan = extensions(scores_of(current_), {}, TermKind::kAll, problem_.peaks());
    for (const auto& candidate : scan.list()) {
      if (std::find(current_.terms.begin(), current_.terms.end(), candidate.term) !=
          current_.terms.end()) {
        continue;
      }
      weak.push_back(weak_term(candidate));
    }
    drop_weak_stand_ins(weak);
    std::stable_partition(weak.begin(), weak.end(),
                          [](const WeakTerm& term) { return term.member; });
    return weak;
  }

  /// Single peaks that may belong to the gene: probabilities as if at most one of them did (but
  /// for members of chosen terms). The prior of each weight is as narrow as shrinks it by its
  /// probability.
  void add_weak_terms(const std::vector<WeakTerm>& weak, TermSelection& result) const {
    const size_t room = kMostTerms - result.terms.size();
    if (options_.least_inclusion >= 1 || room == 0) return;
    double total = 1;
    for (const auto& term : weak) total += term.member ? 0 : term.odds;
    TermRegressionOptions regression;
    for (const auto& [candidate, odds, member] : weak) {
      const double inclusion = odds / (member ? 1 + odds : total);
      if (inclusion < options_.least_inclusion || regression.last_ridges.size() == room) continue;
      result.terms.push_back(candidate.term);
      result.inclusion.push_back(inclusion);
      regression.last_ridges.push_back(options_.weight_ridge +
                                       candidate.information * (1 - inclusion) / inclusion);
    }
    if (regression.last_ridges.empty()) return;
    regression.sum = result.sum;
    regression.dispersion = dispersion_;
    regression.weight_ridge = options_.weight_ridge;
    regression.type_ridge = options_.state_ridge;
    result.fit = fit_terms(problem_, result.terms, regression, &current_.fit);
    result.last_ridges = std::move(regression.last_ridges);
  }

  std::vector<double> initial_mean() const {
    const bool counts = problem_.family() == CisResponse::kCounts;
    const auto mean = counts ? problem_.exp_base() : problem_.base();
    return {mean.begin(), mean.end()};
  }

  /// Log of the number of terms of this size: what choosing one of them costs.
  double cost(const WindowTerm& term) const {
    const auto m = static_cast<double>(problem_.peaks());
    const size_t size = term.peaks.size();
    double ways = size > 1 ? 2 : 1;  // kAll, kAny
    for (size_t i = 0; i < size; ++i) {
      ways *= std::max(1.0, m - static_cast<double>(i)) / static_cast<double>(i + 1);
    }
    const double any = term.kind == TermKind::kAny ? static_cast<double>(size - 1) : 0;
    return std::max(kLeastCost, std::log(ways) + options_.next_term_cost) + any * options_.any_cost;
  }

  double cost(const std::vector<WindowTerm>& terms) const {
    double sum = terms.empty() ? 0 : options_.first_term_cost - options_.next_term_cost;
    for (const auto& term : terms) sum += cost(term);
    return sum;
  }

  double complete_objective() const {
    const auto& mean = current_.fit.mean;
    const double price = cost(current_.terms);
    if (problem_.family() == CisResponse::kCounts) {
      return negative_binomial_log_likelihood(problem_.response(), mean, dispersion_) - price;
    }
    const auto rows = static_cast<double>(mean.size());
    return current_.fit.log_likelihood - rows * std::log(dispersion_) / 2 - price;
  }

  TermFit fit(const std::vector<WindowTerm>& terms, const TermRegressionOptions& regression,
              const TermFit* start) const {
    if (expected_ == nullptr) return fit_terms(problem_, terms, regression, start);
    return expected_->fit(terms, regression, start);
  }

  PairScan scan(const Trial& trial) const {
    const auto scores = scores_of(trial);
    if (expected_ == nullptr) return scan_pairs(problem_, scores, kScanned, !options_.pairs);
    if (options_.pairs) return expected_->scan_pairs(scores, information_, kScanned);
    PairScan singles(kScanned);
    singles.single = expected_->scan_extensions(scores, {}, TermKind::kAll, kScanned);
    return singles;
  }

  BestCandidates extensions(std::span<const RowScore> scores, const WindowTerm& base, TermKind kind,
                            size_t most = kScanned) const {
    if (expected_ == nullptr) return scan_extensions(problem_, scores, base, kind, most);
    return expected_->scan_extensions(scores, base, kind, most);
  }

  Trial fitted(std::vector<WindowTerm> terms, const TermFit* start = nullptr) const {
    Trial best;
    best.terms = std::move(terms);
    TermRegressionOptions regression;
    regression.dispersion = dispersion_;
    regression.weight_ridge = options_.weight_ridge;
    regression.type_ridge = options_.state_ridge;
    const double price = cost(best.terms);
    best.fit = fit(best.terms, regression, start);
    best.objective = best.fit.log_likelihood - price;
    const bool may_add =
        options_.adding && best.terms.size() > 1 && problem_.family() == CisResponse::kCounts;
    if (!may_add) return best;
    regression.sum = TermSum::kAdd;
    auto adding = fit(best.terms, regression, start);
    if (adding.log_likelihood - price > best.objective) {
      best.objective = adding.log_likelihood - price;
      best.fit = std::move(adding);
      best.sum = TermSum::kAdd;
    }
    return best;
  }

  void accept(Trial trial) {
    current_ = std::move(trial);
    dispersion_ = dispersion_at(problem_, current_.fit.mean);
    current_ = fitted(std::move(current_.terms), &current_.fit);
  }

  std::vector<RowScore> scores_of(const Trial& trial) const {
    return row_scores(problem_, trial.fit.mean, dispersion_);
  }

  /// A set of terms with the objective that the scan promises.
  struct Proposal {
    double objective;
    std::vector<WindowTerm> terms;
  };

  void propose(const Trial& base, const std::vector<Candidate>& candidates,
               std::vector<Proposal>& proposals) const {
    for (const auto& candidate : candidates) {
      auto terms = base.terms;
      if (std::find(terms.begin(), terms.end(), candidate.term) != terms.end()) continue;
      if (holds_stand_in(candidate.term)) continue;
      terms.push_back(candidate.term);
      const double objective = base.fit.log_likelihood + candidate.gain - cost(terms);
      proposals.push_back({objective, std::move(terms)});
    }
  }

  /// The best exact fit among the most promising proposals, if it beats the current terms.
  bool take_best(std::vector<Proposal>& proposals) {
    std::stable_sort(proposals.begin(), proposals.end(), [](const Proposal& a, const Proposal& b) {
      return a.objective > b.objective;
    });
    Trial best;
    best.objective = current_.objective + kLeastGain;
    bool found = false;
    for (size_t i = 0; i < std::min(kTried, proposals.size()); ++i) {
      if (proposals[i].objective < current_.objective + kWorthTrying) break;
      auto trial = fitted(proposals[i].terms);
      if (trial.objective <= best.objective) continue;
      best = std::move(trial);
      found = true;
    }
    if (found) accept(std::move(best));
    return found;
  }

  Trial without(size_t term) const {
    auto terms = current_.terms;
    terms.erase(terms.begin() + static_cast<long>(term));
    return fitted(std::move(terms));
  }

  std::vector<TermKind> kinds_for(size_t size, TermKind own) const {
    if (size == 1) return {TermKind::kAll};
    if (size == 2) return {TermKind::kAll, TermKind::kAny};
    return {own};
  }

  /// One term more, or one peak more in a term.
  bool grow() {
    std::vector<Proposal> proposals;
    if (current_.terms.size() < at(options_.most_terms)) {
      const auto found = scan(current_);
      propose(current_, found.single.list(), proposals);
      propose(current_, found.all.list(), proposals);
      propose(current_, found.any.list(), proposals);
    }
    for (size_t k = 0; options_.pairs && k < current_.terms.size(); ++k) {
      const auto& term = current_.terms[k];
      if (term.peaks.size() >= at(options_.most_peaks)) continue;
      const Trial base = without(k);
      const auto scores = scores_of(base);
      for (const TermKind kind : kinds_for(term.peaks.size() + 1, term.kind)) {
        propose(base, extensions(scores, term, kind).list(), proposals);
      }
    }
    return take_best(proposals);
  }

  /// One term less, or one peak of a term exchanged for another or dropped.
  bool polish() {
    std::vector<Proposal> proposals;
    for (size_t k = 0; k < current_.terms.size(); ++k) {
      const auto term = current_.terms[k];
      const Trial base = without(k);
      if (base.objective > current_.objective + kLeastGain) {
        accept(base);
        return true;
      }
      const auto scores = scores_of(base);
      for (const int32_t peak : term.peaks) {
        WindowTerm rest = term;
        rest.peaks.erase(std::find(rest.peaks.begin(), rest.peaks.end(), peak));
        if (rest.peaks.size() == 1) rest.kind = TermKind::kAll;
        for (const TermKind kind : kinds_for(term.peaks.size(), term.kind)) {
          propose(base, extensions(scores, rest, kind).list(), proposals);
        }
        if (rest.peaks.empty()) continue;
        auto terms = base.terms;
        terms.push_back(rest);
        auto shorter = fitted(std::move(terms));
        if (shorter.objective > current_.objective + kLeastGain) {
          accept(std::move(shorter));
          return true;
        }
      }
    }
    std::erase_if(proposals, [&](const Proposal& p) { return same_terms(p.terms); });
    return take_best(proposals);
  }

  /// The members of a term as terms of their own. By expected openness two that multiply look much
  /// like two that are required together, and the search comes upon the pair first.
  bool split() {
    if (expected_ == nullptr) return false;
    for (size_t k = 0; k < current_.terms.size(); ++k) {
      const auto members = current_.terms[k].peaks;
      if (members.size() < 2) continue;
      auto terms = current_.terms;
      terms.erase(terms.begin() + static_cast<long>(k));
      for (const int32_t peak : members) {
        const WindowTerm single{TermKind::kAll, {peak}};
        if (std::find(terms.begin(), terms.end(), single) == terms.end()) terms.push_back(single);
      }
      if (terms.size() > at(options_.most_terms)) continue;
      auto apart = fitted(std::move(terms));
      if (apart.objective <= current_.objective + kLeastGain) continue;
      accept(std::move(apart));
      return true;
    }
    return false;
  }

  bool holds_stand_in(const WindowTerm& term) const {
    return std::any_of(term.peaks.begin(), term.peaks.end(), [&](int32_t peak) {
      return std::find(stand_ins_.begin(), stand_ins_.end(), peak) != stand_ins_.end();
    });
  }

  bool is_chosen(int32_t peak) const {
    return std::any_of(current_.terms.begin(), current_.terms.end(), [&](const WindowTerm& term) {
      return std::binary_search(term.peaks.begin(), term.peaks.end(), peak);
    });
  }

  Cause judge(const std::vector<WindowTerm>& terms, int32_t first, int32_t second) const {
    return judge_companions(terms, first, second, [this](const std::vector<WindowTerm>& given) {
      return fitted(given).fit;
    });
  }

  /// Of two chosen peaks that are open together one may merely stand in for the other: it gives
  /// its place to that one, for good. The likelihood may fall.
  bool explain_away() {
    if (companions_ == nullptr) return false;
    for (int32_t b = 0; at(b) < problem_.peaks(); ++b) {
      if (!is_chosen(b)) continue;
      for (const int32_t a : companions_->of(b)) {
        if (!is_chosen(a) || judge(current_.terms, a, b) != Cause::kFirst) continue;
        stand_ins_.push_back(b);
        accept(fitted(with_exchanged(current_.terms, b, a)));
        return true;
      }
    }
    return false;
  }

  /// Weak peaks beside a companion that was chosen, or that was not but promises more.
  void drop_weak_stand_ins(std::vector<WeakTerm>& weak) const {
    if (companions_ == nullptr) return;
    std::vector<double> gain(problem_.peaks());
    for (const auto& term : weak) gain[at(term.candidate.term.peaks[0])] = term.candidate.gain;
    std::erase_if(weak, [&](const WeakTerm& term) {
      const int32_t b = term.candidate.term.peaks[0];
      if (holds_stand_in(term.candidate.term)) return true;
      const auto near = companions_->of(b);
      return !is_chosen(b) && std::any_of(near.begin(), near.end(), [&](int32_t a) {
        return is_chosen(a) || gain[at(a)] > gain[at(b)];
      });
    });
  }

  bool same_terms(const std::vector<WindowTerm>& terms) const {
    return terms.size() == current_.terms.size() &&
           std::all_of(terms.begin(), terms.end(), [&](const WindowTerm& term) {
             return std::find(current_.terms.begin(), current_.terms.end(), term) !=
                    current_.terms.end();
           });
  }

  const GeneProblem& problem_;
  const CisOptions& options_;
  const ExpectedTerms* expected_;
  ExpectedTerms::PairInformation information_;
  const Companions* companions_;
  std::vector<int32_t> stand_ins_;  // peaks of the window that no term may hold
  double dispersion_ = 0;
  Trial current_;
};

}  // namespace

TermSelection search_terms(const GeneProblem& problem, const CisOptions& options,
                           const ExpectedTerms* expected, const Companions* companions) {
  return TermSearch(problem, options, expected, companions).run();
}

}  // namespace grids
