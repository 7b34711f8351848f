#include "false_positives/null_sets.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "evaluate/null_windows.hpp"
#include "evaluate/state_covariates.hpp"
#include "explain/explain_stage.hpp"

namespace grids::core::bench {
namespace {

constexpr int64_t kWindowPeaks = 20;

/// A set of cells as contrasts see it.
struct JudgedCells {
  std::vector<int32_t> cells;
  ContrastCells rows;
};

JudgedCells judged_cells(const Study& study, const StateCovariates& state, Split split,
                         const ContrastOptions& options, const Context& context) {
  auto cells = study.cells_of(split);
  auto rows = contrast_cells(study, cells, state.of(cells, context), options);
  return {std::move(cells), std::move(rows)};
}

class NullJudge {
 public:
  NullJudge(const Study& study, const StudySurrogate& surrogate, const NullSetOptions& options,
            const Context& context)
      : study_(study),
        surrogate_(surrogate),
        window_(options.window),
        context_(context),
        options_(options.contrast),
        state_(study, surrogate, options_.components, context),
        train_(judged_cells(study, state_, Split::kTrain, options_, context)),
        test_(judged_cells(study, state_, Split::kTest, options_, context)),
        open_cells_(at(study.peaks.size())) {
    for (const int32_t cell : train_.cells) {
      for (const int32_t peak : study.open.row(cell)) ++open_cells_[at(peak)];
    }
  }

  std::vector<Contrast> elsewhere() const {
    return of_genes([&](int32_t gene) {
      return null_contrasts(study_, {gene, peaks_around(gene)},
                            {train_.rows, test_.rows, test_.cells}, {1, {}, options_},
                            context_.seed)[0];
    });
  }

  std::vector<Contrast> own_windows() const {
    return of_genes([&](int32_t gene) {
      const auto weights =
          fit_window(study_, gene, peaks_around(gene), train_.rows, NullWindowOptions{});
      return judged(gene, window_change(study_, test_.cells, weights));
    });
  }

  std::vector<Contrast> found(int64_t set_size) const {
    ExplainStageOptions options;
    options.domain = SearchDomain::kCis;
    options.domain_window = window_;
    options.force = true;
    std::vector<ExplainTarget> targets;
    for (const auto& gene : surrogate_.cis()->genes) {
      targets.push_back({std::nullopt, gene.gene, set_size});
    }
    const auto result = explain(study_, surrogate_, targets, options, context_);
    std::vector<Contrast> contrasts(result.explained.size());
    context_.pool.for_each(std::ssize(contrasts), [&](int64_t i) {
      const auto& set = result.explained[at(i)];
      contrasts[at(i)] =
          judged(set.target.gene, predicted_log_change(set.before, set.after, options_.rate_floor));
    });
    return contrasts;
  }

 private:
  template <typename Judge>
  std::vector<Contrast> of_genes(const Judge& judge) const {
    const auto& genes = surrogate_.cis()->genes;
    std::vector<Contrast> contrasts(genes.size());
    context_.pool.for_each(std::ssize(genes), [&](int64_t i) {
      context_.check_cancelled();
      if (peaks_around(genes[at(i)].gene).empty()) return;
      contrasts[at(i)] = judge(genes[at(i)].gene);
    });
    return contrasts;
  }

  /// Of the gene's window those that are open most often: where confounders show most, and few
  /// enough to be fitted in no time.
  std::vector<int32_t> peaks_around(int32_t gene) const {
    auto peaks = domain_peaks(study_, gene, SearchDomain::kCis, window_);
    std::stable_sort(peaks.begin(), peaks.end(),
                     [&](int32_t a, int32_t b) { return open_cells_[at(a)] > open_cells_[at(b)]; });
    if (std::ssize(peaks) > kWindowPeaks) peaks.resize(at(kWindowPeaks));
    std::sort(peaks.begin(), peaks.end());
    return peaks;
  }

  Contrast judged(int32_t gene, std::span<const double> change) const {
    return contrast(test_.rows, contrast_baseline(study_, gene, test_.rows, options_), change,
                    options_);
  }

  const Study& study_;
  StudySurrogate surrogate_;
  int64_t window_;
  const Context& context_;
  ContrastOptions options_;
  StateCovariates state_;
  JudgedCells train_, test_;
  std::vector<int64_t> open_cells_;  ///< of each peak, among the training cells
};

}  // namespace

std::vector<NullSets> null_sets(const Study& study, const StudySurrogate& surrogate,
                                const NullSetOptions& options, const Context& context) {
  const NullJudge judge(study, surrogate, options, context);
  std::vector<NullSets> sorts = {{"windows elsewhere", judge.elsewhere()},
                                 {"own windows", judge.own_windows()}};
  if (options.set_size > 0) {
    sorts.push_back({"found by search", judge.found(options.set_size)});
  }
  return sorts;
}

}  // namespace grids::core::bench
