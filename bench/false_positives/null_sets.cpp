#include "false_positives/null_sets.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "evaluate/null_windows.hpp"
#include "explain/explain_stage.hpp"

namespace grids::core::bench {
namespace {

constexpr int64_t kWindowPeaks = 20;

/// A set of cells as contrasts see it.
struct JudgedCells {
  std::vector<int32_t> cells;
  ContrastCells rows;
};

JudgedCells judged_cells(const World& world, Split split, const ContrastOptions& options) {
  auto cells = world.study.cells_of(split);
  auto rows = contrast_cells(world.study, cells, world.latents_of(cells), options);
  return {std::move(cells), std::move(rows)};
}

class NullJudge {
 public:
  NullJudge(const World& world, int64_t window, const Context& context)
      : world_(world),
        window_(window),
        context_(context),
        train_(judged_cells(world, Split::kTrain, options_)),
        test_(judged_cells(world, Split::kTest, options_)),
        open_cells_(at(world.study.peaks.size())) {
    for (const int32_t cell : train_.cells) {
      for (const int32_t peak : world.study.open.row(cell)) ++open_cells_[at(peak)];
    }
  }

  std::vector<Contrast> elsewhere() const {
    return of_genes([&](int32_t gene) {
      return null_contrasts(world_.study, {gene, peaks_around(gene)},
                            {train_.rows, test_.rows, test_.cells}, {1, {}, options_},
                            context_.seed)[0];
    });
  }

  std::vector<Contrast> own_windows() const {
    return of_genes([&](int32_t gene) {
      const auto weights =
          fit_window(world_.study, gene, peaks_around(gene), train_.rows, NullWindowOptions{});
      return judged(gene, window_change(world_.study, test_.cells, weights));
    });
  }

  std::vector<Contrast> found(int64_t set_size) const {
    ExplainStageOptions options;
    options.domain = SearchDomain::kCis;
    options.domain_window = window_;
    options.force = true;
    std::vector<ExplainTarget> targets;
    for (const auto& gene : world_.path.genes) {
      targets.push_back({std::nullopt, gene.gene, set_size});
    }
    const auto result = explain(world_.study, world_.surrogate(), targets, options, context_);
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
    const auto& genes = world_.path.genes;
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
    auto peaks = domain_peaks(world_.study, gene, SearchDomain::kCis, window_);
    std::stable_sort(peaks.begin(), peaks.end(),
                     [&](int32_t a, int32_t b) { return open_cells_[at(a)] > open_cells_[at(b)]; });
    if (std::ssize(peaks) > kWindowPeaks) peaks.resize(at(kWindowPeaks));
    std::sort(peaks.begin(), peaks.end());
    return peaks;
  }

  Contrast judged(int32_t gene, std::span<const double> change) const {
    return contrast(test_.rows, contrast_baseline(world_.study, gene, test_.rows, options_), change,
                    options_);
  }

  const World& world_;
  int64_t window_;
  const Context& context_;
  ContrastOptions options_;
  JudgedCells train_, test_;
  std::vector<int64_t> open_cells_;  ///< of each peak, among the training cells
};

}  // namespace

std::vector<NullSets> null_sets(const World& world, int64_t set_size, const CisOptions& cis,
                                const Context& context) {
  const NullJudge judge(world, cis.window, context);
  std::vector<NullSets> sorts = {{"windows elsewhere", judge.elsewhere()},
                                 {"own windows", judge.own_windows()}};
  if (set_size > 0) sorts.push_back({"found by search", judge.found(set_size)});
  return sorts;
}

}  // namespace grids::core::bench
