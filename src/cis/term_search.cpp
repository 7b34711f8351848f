#include "cis/term_search.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "cis/stand_ins.hpp"
#include "cis/term_trials.hpp"
#include "cis/weak_terms.hpp"

namespace grids::core {
namespace {

constexpr size_t kScanned = 3;       // candidates of each kind that a scan returns
constexpr size_t kTried = 5;         // of them, exact fits in a round
constexpr double kWorthTrying = -4;  // approximate gains beyond the cost that are tried
constexpr double kLeastGain = 0.02;  // rounding aside
constexpr int kExplained = 3;        // stand-ins after which the search goes on

/// A set of terms with the objective that the scan promises.
struct Proposal {
  double objective;
  std::vector<WindowTerm> terms;
};

bool same_terms(const std::vector<WindowTerm>& a, const std::vector<WindowTerm>& b) {
  return std::is_permutation(a.begin(), a.end(), b.begin(), b.end());
}

std::vector<TermKind> kinds_for(size_t size, TermKind own) {
  if (size == 1) return {TermKind::kAll};
  if (size == 2) return {TermKind::kAll, TermKind::kAny};
  return {own};
}

class TermSearch {
 public:
  TermSearch(const GeneProblem& problem, const CisOptions& options, const ExpectedTerms* expected,
             const Companions* companions)
      : options_(options),
        companions_(companions),
        trials_(problem, options, expected),
        current_(trials_.fitted({})) {}

  TermSelection run() {
    climb();
    // What a stand-in explained may be left to something else.
    for (int round = 0; round < kExplained && explain_away(); ++round) climb();
    while (explain_away()) {
    }
    trials_.be_exact();
    current_ = trials_.fitted(current_.terms);
    const double searched = current_.objective;
    const auto weak = weak_terms(trials_, current_, companions_, stand_ins_);
    if (trials_.by_expectation()) current_ = trials_.by_observation(current_);
    auto result = refitted(weak);
    result.objective = searched;
    result.likelihood_gain = current_.fit.log_likelihood - trials_.fitted({}).fit.log_likelihood;
    return result;
  }

 private:
  /// Each move raises the objective by `kLeastGain` or more, and it has a maximum: there is an end.
  void climb() {
    do {
      while (grow()) {
      }
    } while (polish_all());
  }

  /// Whether anything moved: what does not grow, does not until then.
  bool polish_all() {
    bool moved = false;
    while (polish() || split()) moved = true;
    return moved;
  }

  bool worth(const TermTrial& trial) const {
    return trial.objective > current_.objective + kLeastGain;
  }

  void accept(TermTrial trial) {
    current_ = trials_.at_own_dispersion(std::move(trial));
    trials_.begin_at(current_);
  }

  /// The chosen terms with weak ones beside them, as they are kept.
  TermSelection refitted(const std::vector<WeakTerm>& weak) const {
    TermSelection result;
    result.terms = current_.terms;
    result.inclusion.assign(result.terms.size(), 1);
    result.sum = current_.sum;
    result.dispersion = trials_.dispersion();
    for (const auto& [term, inclusion, information] : weak) {
      result.terms.push_back(term);
      result.inclusion.push_back(inclusion);
      result.last_ridges.push_back(options_.weight_ridge +
                                   information * (1 - inclusion) / inclusion);
    }
    result.fit = fit_terms(trials_.problem(), result.terms, kept_regression(result, options_),
                           &current_.fit);
    return result;
  }

  void propose(const TermTrial& base, const BestCandidates& candidates,
               std::vector<Proposal>& proposals) const {
    for (const auto& candidate : candidates.list()) {
      auto terms = base.terms;
      if (std::find(terms.begin(), terms.end(), candidate.term) != terms.end()) continue;
      if (holds_stand_in(candidate.term)) continue;
      terms.push_back(candidate.term);
      const double objective =
          base.objective + candidate.gain + trials_.cost(base.terms) - trials_.cost(terms);
      proposals.push_back({objective, std::move(terms)});
    }
  }

  /// The best exact fit among the most promising proposals, if it beats the current terms.
  bool take_best(std::vector<Proposal>& proposals) {
    std::stable_sort(proposals.begin(), proposals.end(), [](const Proposal& a, const Proposal& b) {
      return a.objective > b.objective;
    });
    TermTrial best;
    for (size_t i = 0; i < std::min(kTried, proposals.size()); ++i) {
      if (proposals[i].objective < current_.objective + kWorthTrying) break;
      auto trial = trials_.fitted(proposals[i].terms);
      if (trial.objective > best.objective) best = std::move(trial);
    }
    if (!worth(best)) return false;
    accept(std::move(best));
    return true;
  }

  TermTrial without(size_t term) {
    auto terms = current_.terms;
    terms.erase(terms.begin() + static_cast<long>(term));
    return trials_.fitted(std::move(terms));
  }

  BestCandidates extensions(const TermTrials::Scores& scores, const WindowTerm& base,
                            TermKind kind) const {
    return trials_.extensions(scores, base, kind, kScanned);
  }

  /// One term more, or one peak more in a term.
  bool grow() {
    std::vector<Proposal> proposals;
    if (current_.terms.size() < at(options_.most_terms)) {
      const auto found = trials_.scan(current_, kScanned);
      for (const auto* list : {&found.single, &found.all, &found.any}) {
        propose(current_, *list, proposals);
      }
    }
    for (size_t k = 0; options_.pairs && k < current_.terms.size(); ++k) {
      const auto& term = current_.terms[k];
      if (term.peaks.size() >= at(options_.most_peaks)) continue;
      const TermTrial base = without(k);
      const auto scores = trials_.scores(base);
      for (const TermKind kind : kinds_for(term.peaks.size() + 1, term.kind)) {
        propose(base, extensions(scores, term, kind), proposals);
      }
    }
    return take_best(proposals);
  }

  /// One term less, or one peak of a term exchanged for another or dropped.
  bool polish() {
    std::vector<Proposal> proposals;
    for (size_t k = 0; k < current_.terms.size(); ++k) {
      const auto term = current_.terms[k];
      TermTrial base = without(k);
      if (worth(base)) {
        accept(std::move(base));
        return true;
      }
      const auto scores = trials_.scores(base);
      for (const int32_t peak : term.peaks) {
        WindowTerm rest = term;
        rest.peaks.erase(std::find(rest.peaks.begin(), rest.peaks.end(), peak));
        if (rest.peaks.size() == 1) rest.kind = TermKind::kAll;
        for (const TermKind kind : kinds_for(term.peaks.size(), term.kind)) {
          propose(base, extensions(scores, rest, kind), proposals);
        }
        if (rest.peaks.empty()) continue;
        auto terms = base.terms;
        terms.push_back(rest);
        auto shorter = trials_.fitted(std::move(terms));
        if (!worth(shorter)) continue;
        accept(std::move(shorter));
        return true;
      }
    }
    std::erase_if(proposals,
                  [&](const Proposal& p) { return same_terms(p.terms, current_.terms); });
    return take_best(proposals);
  }

  /// The members of a term as terms of their own. By expected openness two that multiply look much
  /// like two that are required together, and the search comes upon the pair first.
  bool split() {
    if (!trials_.by_expectation()) return false;
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
      auto apart = trials_.fitted(std::move(terms));
      if (!worth(apart)) continue;
      accept(std::move(apart));
      return true;
    }
    return false;
  }

  bool holds_stand_in(const WindowTerm& term) const {
    return std::any_of(stand_ins_.begin(), stand_ins_.end(), [&](int32_t peak) {
      return holds_peak({&term, 1}, peak);
    });
  }

  Cause judge(const std::vector<WindowTerm>& terms, int32_t first, int32_t second) {
    return judge_companions(terms, first, second, [this](const std::vector<WindowTerm>& given) {
      return trials_.fitted(given).fit;
    });
  }

  /// Of two chosen peaks that are open together one may merely stand in for the other: it gives
  /// its place to that one, for good. The objective may fall.
  bool explain_away() {
    if (companions_ == nullptr) return false;
    for (int32_t b = 0; at(b) < trials_.problem().peaks(); ++b) {
      if (!holds_peak(current_.terms, b)) continue;
      for (const int32_t a : companions_->of(b)) {
        if (!holds_peak(current_.terms, a)) continue;
        if (judge(current_.terms, a, b) != Cause::kFirst) continue;
        stand_ins_.push_back(b);
        accept(trials_.fitted(with_exchanged(current_.terms, b, a)));
        return true;
      }
    }
    return false;
  }

  const CisOptions& options_;
  const Companions* companions_;
  TermTrials trials_;
  TermTrial current_;
  std::vector<int32_t> stand_ins_;  // peaks of the window that no term may hold
};

}  // namespace

TermRegressionOptions kept_regression(const TermSelection& selection, const CisOptions& options) {
  TermRegressionOptions regression;
  regression.sum = selection.sum;
  regression.dispersion = selection.dispersion;
  regression.weight_ridge = options.kept_ridge;
  regression.last_ridges = selection.last_ridges;
  regression.type_ridge = options.state_ridge;
  return regression;
}

TermSelection search_terms(const GeneProblem& problem, const CisOptions& options,
                           const ExpectedTerms* expected, const Companions* companions) {
  return TermSearch(problem, options, expected, companions).run();
}

}  // namespace grids::core
