#include "evaluate/null_windows.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "evaluate/small_study.hpp"
#include "evaluate/state_covariates.hpp"
#include "math/pca.hpp"
#include "math/statistics.hpp"
#include "prepare/prepare.hpp"
#include "simulate/simulate.hpp"
#include "support/random_surrogate.hpp"
#include "support/test_size.hpp"

namespace grids::core {
namespace {

/// Who the cells are of, and what of it the study is told.
struct Units {
  int32_t count = 3;
  double shift = 0.15;  ///< of programmes, which act on peaks and genes alike
  const char* donors = "donor";
  const char* batches = "";
  int32_t simulated_batches = 0;
};

/// Simulated cells with planted regulation, prepared as a user would, and what contrasts on them
/// share. Principal components of the peaks stand for the latents of a surrogate.
struct NullStudy {
  TestContext test;
  SimulatedCells simulated;
  Study study;
  std::vector<int32_t> train_cells, test_cells;
  ContrastOptions options;
  NullWindowOptions windows;
  ContrastCells train, held_out;

  explicit NullStudy(const Units& units = {}) {
    SimulateOptions simulation;
    simulation.donors = units.count;
    simulation.donor_shift = units.shift;
    simulation.cells = 1500;
    simulation.peaks = 2500;
    simulation.genes = 70;
    simulation.types = 3;
    simulation.mean_open_peaks = 300;
    simulation.median_count = 1.5;
    simulation.kind_shares = {0.3, 0.175, 0.175, 0.175, 0.175, 0};
    simulation.batches = units.simulated_batches;
    simulated = simulate(simulation, test.context);
    PrepareInputs inputs;
    inputs.label_column = "cell_type";
    inputs.donor_column = units.donors;
    inputs.batch_column = units.batches;
    inputs.gene_positions = simulated.genes;
    RawMultiome raw = simulated.data;
    study = prepare(std::move(raw), inputs, {}, test.context).study;
    train_cells = study.cells_of(Split::kTrain);
    test_cells = study.cells_of(Split::kTest);
    const auto open = select_rows(study.open, train_cells);
    const auto weights = TfIdf::fit(open);
    const auto fitted = pca(weights.apply(open), {.components = 15}, test.context);
    train = contrast_cells(study, train_cells, fitted.scores, options);
    held_out = contrast_cells(
        study, test_cells,
        pca_project(fitted, weights.apply(select_rows(study.open, test_cells)), test.context),
        options);
  }

  /// Planted sets, by gene of the study.
  std::map<int32_t, std::vector<int32_t>> planted() const {
    const TrueRegulation truth(simulated.truth, study.peaks.names);
    std::map<int32_t, std::vector<int32_t>> sets;
    for (size_t i = 0; i < simulated.truth.genes.size(); ++i) {
      const auto causes = truth.causes(static_cast<int64_t>(i));
      const auto gene = study.genes.index_of(simulated.truth.genes[i].gene);
      if (gene && !causes.empty()) sets[*gene] = {causes.begin(), causes.end()};
    }
    return sets;
  }

  Contrast judged(int32_t gene, const WindowWeights& weights, const ContrastCells& common,
                  std::span<const int32_t> cells) const {
    return contrast(common, contrast_baseline(study, gene, common, options),
                    window_change(study, cells, weights), options);
  }
};

const NullStudy& world() {
  static const NullStudy shared;
  return shared;
}

double share_below(const std::vector<double>& p, double bound) {
  double below = 0;
  for (const double value : p) below += value < bound ? 1 : 0;
  return below / static_cast<double>(p.size());
}

/// Genes of which windows are drawn, and how many of each.
int32_t judged_genes() {
  return testing::sized(70, 25);
}
constexpr int64_t kWindows = 6;

/// Three binomial standard deviations of the share of their p-values below 0.05: 0.032 of 420.
double three_deviations() {
  return 3 * std::sqrt(0.05 * 0.95 / static_cast<double>(judged_genes() * kWindows));
}

/// The p of six windows a gene, all like `peaks`, as these covariates have it.
std::vector<double> null_p(const NullStudy& w, const std::vector<int32_t>& peaks,
                           const ContrastCells& train, const ContrastCells& held_out) {
  std::vector<double> p;
  for (int32_t gene = 0; gene < judged_genes(); ++gene) {
    for (const auto& found : null_contrasts(w.study, {gene, peaks}, {train, held_out, w.test_cells},
                                            {kWindows, w.windows, w.options}, 5)) {
      if (!std::isnan(found.p)) p.push_back(found.p);
    }
  }
  return p;
}

// The laws that make the contrast's p a p. Calibration is measured on many more windows outside of
// the tests; here six windows of three peaks a gene.
TEST(NullWindows, AreCalledAsOftenAsChanceSays) {
  const NullStudy& w = world();
  const auto p = null_p(w, {10, 11, 12}, w.train, w.held_out);
  ASSERT_GT(p.size(), testing::sized(380u, 135u));
  EXPECT_GT(test_uniform(p).p, 0.01);  // one seed in a hundred would fail; this one is fixed
  EXPECT_NEAR(share_below(p, 0.05), 0.05, three_deviations());
}

TEST(NullWindows, OfCellsInBatchesAreCalledAsOftenAsChanceSaysWhetherTheseAreGivenOrNot) {
  // Twelve batches that move programmes as far as the state of cells does, in both modalities:
  // where they are not given, the latents carry them.
  for (const char* batches : {"donor", ""}) {
    const NullStudy w({12, 1.0, "", batches});
    const auto p = null_p(w, {10, 11, 12}, w.train, w.held_out);
    ASSERT_GT(p.size(), testing::sized(380u, 135u));
    EXPECT_LE(share_below(p, 0.05), 0.05 + three_deviations()) << batches;
    EXPECT_GT(test_uniform(p).p, 0.01) << batches;
  }
}

/// Networks that nobody trained: latents of six random directions.
SurrogateFile untrained(const Study& study) {
  auto shape = testing::small_shape();
  shape.chromosome_peaks.clear();
  const auto& offsets = study.peaks.chromosome_offsets;
  for (size_t c = 0; c + 1 < offsets.size(); ++c) {
    shape.chromosome_peaks.push_back(offsets[c + 1] - offsets[c]);
  }
  shape.genes = study.genes.size();
  return testing::random_surrogate(shape, 1);
}

TEST(NullWindows, AreCalledNoMoreOftenWhereTwelveBatchesWereNotGiven) {
  // Batches move all peaks and genes, and the study does not name them. Latents are those of a
  // surrogate that learned nothing of them.
  const NullStudy w({.simulated_batches = 12});
  const FoldedSurrogate surrogate(untrained(w.study));
  const auto p_with = [&](int64_t components) {
    const StateCovariates state(w.study, surrogate, components, w.test.context);
    const auto cells = [&](const std::vector<int32_t>& which) {
      return contrast_cells(w.study, which, state.of(which, w.test.context), w.options);
    };
    std::vector<int32_t> like(20);
    std::iota(like.begin(), like.end(), 10);
    return null_p(w, like, cells(w.train_cells), cells(w.test_cells));
  };
  const auto p = p_with(w.options.components);
  ASSERT_GT(p.size(), testing::sized(380u, 135u));
  EXPECT_GT(test_uniform(p).p, 0.01);  // as above, at a fixed seed
  EXPECT_NEAR(share_below(p, 0.05), 0.05, three_deviations());
  // They do confound.
  EXPECT_GT(share_below(p_with(0), 0.05), 0.12);
}

TEST(NullWindows, JudgedOnTheCellsThatTheyWereFittedToAreNoNull) {
  // The check that nothing is circular: the same test, the same windows, but training cells. What
  // three weights fitted by chance is then taken for real.
  const NullStudy& w = world();
  std::vector<double> p;
  for (int32_t gene = 0; gene < 70; ++gene) {
    RandomStream random(5, Purpose::kNullWindows, static_cast<uint64_t>(gene));
    const std::vector<int64_t> open_cells(static_cast<size_t>(w.study.peaks.size()), 1);
    const std::vector<int32_t> like = {10, 11, 12};
    const auto window = draw_null_window(w.study, gene, like, open_cells, w.windows, random);
    const auto weights = fit_window(w.study, gene, window, w.train, w.windows);
    p.push_back(w.judged(gene, weights, w.train, w.train_cells).p);
  }
  // The score is then about √χ² with 3 degrees of freedom: above 1.64 with probability 0.44; less
  // 2.5 binomial standard deviations of 70 windows.
  EXPECT_GT(share_below(p, 0.05), 0.29);
  EXPECT_LT(test_uniform(p).p, 1e-6);
}

TEST(TrueSets, AreFoundOnNewCellsWithSlopeOneAndOnlyWithTheirOwnPredictions) {
  const NullStudy& w = world();
  std::vector<double> p, shuffled;
  std::vector<Contrast> contrasts;
  for (const auto& [gene, peaks] : w.planted()) {
    const auto weights = fit_window(w.study, gene, peaks, w.train, w.windows);
    contrasts.push_back(w.judged(gene, weights, w.held_out, w.test_cells));
    p.push_back(contrasts.back().p);
    // Predictions for training cells, given to test cells: what is planted is still in both.
    auto others = window_change(w.study, w.train_cells, weights);
    others.resize(w.test_cells.size());
    shuffled.push_back(contrast(w.held_out, contrast_baseline(w.study, gene, w.held_out, w.options),
                                others, w.options)
                           .p);
  }
  ASSERT_GE(p.size(), 40u);
  EXPECT_GE(share_below(p, 0.05), 0.9);         // 0.95 on 600 test cells; here are half as many
  EXPECT_LE(share_below(shuffled, 0.05), 0.2);  // 0.05 and 4 binomial standard deviations of 49
  const auto pooled = pooled_slope(contrasts, 0.95);
  EXPECT_NEAR(pooled.slope, 1, 0.15);
}

TEST(NullWindows, LieElsewhereAndAreOpenAsOften) {
  const NullStudy& w = world();
  std::vector<int64_t> open_cells(static_cast<size_t>(w.study.peaks.size()), 0);
  for (const int32_t peak : w.study.open.indices) ++open_cells[static_cast<size_t>(peak)];
  const auto opened = [&](const std::vector<int32_t>& peaks) {
    double sum = 0;
    for (const int32_t peak : peaks)
      sum += static_cast<double>(open_cells[static_cast<size_t>(peak)]);
    return sum;
  };
  const std::vector<int32_t> like = {40, 42, 43, 47};
  double closest = 0;
  for (uint32_t i = 0; i < 50; ++i) {
    RandomStream random(1, Purpose::kNullWindows, 0, i);
    RandomStream again(1, Purpose::kNullWindows, 0, i);
    const auto window = draw_null_window(w.study, 3, like, open_cells, w.windows, random);
    EXPECT_EQ(window, draw_null_window(w.study, 3, like, open_cells, w.windows, again));
    ASSERT_EQ(window.size(), like.size());
    for (size_t k = 0; k < window.size(); ++k) {
      EXPECT_EQ(window[k], window[0] + static_cast<int32_t>(k));
      EXPECT_NE(
          w.study.peaks.chromosomes[static_cast<size_t>(w.study.peaks.chromosome_of(window[k]))],
          w.study.genes.chromosome[3]);
    }
    closest += std::abs(std::log(opened(window) / opened(like))) / 50;
  }
  // The best of 30 places whose logs spread by about 1: some hundredths. Without matching 0.5 and
  // more.
  EXPECT_LT(closest, 0.2);
}

TEST(NullWindows, AGeneWithoutPositionOrAnyOtherChromosomeIsTold) {
  auto study = small_study(60, 24, 9, 3);
  const std::vector<int64_t> open_cells(24, 1);
  RandomStream random(1, Purpose::kNullWindows);
  const std::vector<int32_t> long_set(13, 0);  // chromosomes have 12 peaks
  EXPECT_THROW(draw_null_window(study, 0, long_set, open_cells, {}, random), Error);
  study.genes.chromosome[0].clear();
  const std::vector<int32_t> set = {1, 2};
  EXPECT_THROW(draw_null_window(study, 0, set, open_cells, {}, random), Error);
}

TEST(WindowChange, ClosingWhatIsClosedChangesNothing) {
  const NullStudy& w = world();
  const WindowWeights window{{5, 9}, {0.75, -0.25}, true};
  const auto change = window_change(w.study, w.test_cells, window);
  for (size_t i = 0; i < change.size(); ++i) {
    const double a = w.study.open.contains(w.test_cells[i], 5) ? 0.75 : 0;
    const double b = w.study.open.contains(w.test_cells[i], 9) ? -0.25 : 0;
    EXPECT_EQ(change[i], -(a + b));
  }
}

}  // namespace
}  // namespace grids::core
