#include "cis/fit_cis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/random.hpp"
#include "cis/cis_rows.hpp"
#include "cis/simulated_study.hpp"
#include "cis/state_part.hpp"
#include "math/within_type.hpp"
#include "support/test_size.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;

/// Few genes on the demo's terms, so that a fit takes a second.
SimulateOptions few_genes() {
  SimulateOptions options = simulate_preset("demo");
  options.genes = testing::sized(90, 45);
  options.peaks = 50 * options.genes;
  options.chromosomes = testing::sized(8, 4);
  options.mean_open_peaks = 400;
  options.kind_shares = {4, 1, 1, 1, 1, 1};
  return options;
}

/// No more than laws need that hold of any fit, whatever it finds.
SimulateOptions least() {
  SimulateOptions options = few_genes();
  options.cells = 900;
  options.genes = 12;
  options.peaks = 600;
  options.chromosomes = 2;
  options.mean_open_peaks = 60;
  return options;
}

SimulateOptions handful() {
  return testing::small_size() ? least() : few_genes();
}

/// One simulation and its fit.
struct World {
  explicit World(const SimulateOptions& options)
      : cells(simulated_study(options, threads.context)) {}

  TestContext threads{2};
  SimulatedStudy cells;
  CisFit fit = fit_cis(cells.study, cells.latents, {}, threads.context);
};

/// For what a fit finds: shares over many genes.
const World& world() {
  static const World one(few_genes());
  return one;
}

/// For laws that hold of any fit.
const World& any_world() {
  if (!testing::small_size()) return world();
  static const World one(handful());
  return one;
}

/// Tests over many genes. Under the thread sanitizer each fit takes minutes, and what threads share
/// is the same for a handful: at small sizes that is left to the other tests.
class FitCisOfManyGenes : public ::testing::Test {
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    if (testing::small_size()) GTEST_SKIP() << "races are sought with a handful of genes";
#endif
  }
};

/// Predicted counts of training cells under a mask.
double predicted(const World& w, const CisFit& fit, const CisGene& gene, const CisRows& rows,
                 const std::vector<double>& state, std::vector<int32_t> closed) {
  std::sort(closed.begin(), closed.end());
  double sum = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto open = w.cells.study.open.row(rows.cells[i]);
    const double part = state[i] + cis_part(gene, rows.type[i], open, {closed, {}});
    sum += fit.path.response == CisResponse::kCounts ? std::exp(part) : part;
  }
  return sum;
}

/// Share of the true set in the set of its size whose masking lowers the prediction most, greedily.
double recall(const World& w, const CisFit& fit, const CisGene& gene, const CisRows& rows) {
  const auto causes = w.cells.peaks(w.cells.truth(gene.gene).peaks);
  const auto state = state_values(rows, gene.state);
  std::set<int32_t> candidates;
  for (const auto& term : gene.terms) candidates.insert(term.peaks.begin(), term.peaks.end());
  std::vector<int32_t> chosen;
  while (chosen.size() < causes.size() && !candidates.empty()) {
    int32_t best = -1;
    double least = 0;
    for (const int32_t peak : candidates) {
      auto closed = chosen;
      closed.push_back(peak);
      const double value = predicted(w, fit, gene, rows, state, closed);
      if (best >= 0 && value >= least) continue;
      best = peak;
      least = value;
    }
    chosen.push_back(best);
    candidates.erase(best);
  }
  double hits = 0;
  for (const int32_t peak : chosen) {
    hits += std::binary_search(causes.begin(), causes.end(), peak) ? 1 : 0;
  }
  return hits / static_cast<double>(causes.size());
}

int chosen_terms(const CisGene& gene) {
  return static_cast<int>(std::count_if(gene.terms.begin(), gene.terms.end(),
                                        [](const CisTerm& term) { return term.inclusion == 1; }));
}

TEST_F(FitCisOfManyGenes, FindsWhatWasPlantedAndLittleElse) {
  const auto& w = world();
  const auto rows =
      cis_rows(w.cells.study, w.cells.latents, w.fit.path, w.cells.study.cells_of(Split::kTrain));
  std::map<Regulation, double> recalls, counts;
  double false_terms = 0, gated = 0, false_gated = 0, regulated = 0;
  for (const auto& gene : world().fit.path.genes) {
    const auto& truth = world().cells.truth(gene.gene);
    ++counts[truth.kind];
    if (truth.kind == Regulation::kNone) {
      false_terms += chosen_terms(gene) > 0 ? 1 : 0;
      false_gated += gene.cis.passed ? 1 : 0;
      continue;
    }
    ++regulated;
    gated += gene.cis.passed ? 1 : 0;
    recalls[truth.kind] += recall(w, w.fit, gene, rows);
  }
  for (auto& [kind, sum] : recalls) sum /= counts[kind];
  // Ten genes a kind (five in a small test). Over larger simulations the shares are 0.97 to 1;
  // where all members are required, masking one of them is all that masking can do, so the second
  // is chance or a partner.
  EXPECT_GE(recalls[Regulation::kSingle], 0.9);
  EXPECT_GE(recalls[Regulation::kMultiplicative], 0.9);
  EXPECT_GE(recalls[Regulation::kEither], 0.9);
  EXPECT_GE(recalls[Regulation::kAdditive], 0.8);
  EXPECT_GE(recalls[Regulation::kTogether], 0.4);
  EXPECT_GE(gated / regulated, 0.9);
  // A tenth of what passes may be false; of 40 genes without regulation that is 5 or 6.
  EXPECT_LE(false_gated / counts[Regulation::kNone], 0.15);
  EXPECT_LE(false_terms / counts[Regulation::kNone], 0.25);
}

TEST_F(FitCisOfManyGenes, PredictsNewCellsWithinTypesNearlyAsTheTrueFunction) {
  const auto& study = world().cells.study;
  const auto test =
      cis_rows(study, world().cells.latents, world().fit.path, study.cells_of(Split::kTest));
  std::vector<std::vector<double>> covariates(2);
  std::vector<double> total;
  for (const int32_t cell : test.cells) {
    total.push_back(study.cells.total_rna[static_cast<size_t>(cell)]);
    covariates[0].push_back(std::log(total.back()));
    covariates[1].push_back(std::log1p(study.cells.open_peaks[static_cast<size_t>(cell)]));
  }
  const WithinType within(test.type, covariates);
  double r = 0, ceiling = 0;
  for (const auto& gene : world().fit.path.genes) {
    const auto& truth = world().cells.truth(gene.gene);
    if (truth.kind == Regulation::kNone) continue;
    const auto counts = test.response(gene.gene);
    const auto state = state_values(test, gene.state);
    std::vector<double> measured, predicted;
    for (size_t i = 0; i < test.size(); ++i) {
      const double part = cis_part(gene, test.type[i], study.open.row(test.cells[i]));
      measured.push_back(std::log1p(counts[i] * 100 / total[i]));
      predicted.push_back(std::log1p(100 * std::exp(state[i] + part - test.log_exposure[i])));
    }
    r += within.correlation(measured, predicted);
    for (size_t g = 0; g < world().cells.simulated.truth.genes.size(); ++g) {
      if (&world().cells.simulated.truth.genes[g] == &truth) {
        ceiling += world().cells.simulated.ceiling[g].r;
      }
    }
  }
  // The ceiling is measured on all cells, r on 600: over 50 genes their ratio scatters by 0.03.
  EXPECT_GE(r / ceiling, 0.78);
}

TEST(FitCis, ResultsDependNeitherOnThreadsNorOnOtherGenes) {
  const auto& cells = any_world().cells;
  const TestContext one(1);
  CisOptions options;
  const auto& all = any_world().fit.path.genes;
  const size_t some_of_all = testing::sized(12, 6);
  const size_t step = all.size() / some_of_all;
  for (size_t g = 0; g < some_of_all; ++g) options.genes.push_back(all[g * step].gene);
  const auto some = fit_cis(cells.study, cells.latents, options, one.context);
  ASSERT_EQ(some.path.genes.size(), some_of_all);
  for (size_t g = 0; g < some_of_all; ++g) {
    auto expected = all[g * step], found = some.path.genes[g];
    // q-values and who passes are the only things that other genes decide; NaN equals nothing.
    for (CisGene* gene : {&expected, &found}) {
      for (CisGate* gate : {&gene->whole, &gene->cis}) {
        gate->q = 0;
        gate->passed = false;
        if (std::isnan(gate->p)) gate->p = -1;
      }
    }
    EXPECT_EQ(found, expected) << expected.gene;
  }
}

/// Gates hold NaN where nothing was tested, which equals nothing.
std::vector<CisGene> without_gates(std::vector<CisGene> genes) {
  for (auto& gene : genes) gene.whole = gene.cis = {};
  return genes;
}

TEST_F(FitCisOfManyGenes, WhereNothingIsMissedTheEstimateOfCaptureChangesNothing) {
  const auto& cells = world().cells;
  CisOptions options;
  options.gate_folds = 0;
  options.capture = 1;
  const auto plain = fit_cis(cells.study, cells.latents, options, world().threads.context);
  options.capture = 0;
  const auto estimated = fit_cis(cells.study, cells.latents, options, world().threads.context);
  EXPECT_TRUE(estimated.capture.estimated);
  EXPECT_GE(estimated.capture.genes, testing::sized(20, 10));
  EXPECT_EQ(estimated.capture.capture, 1);
  EXPECT_EQ(without_gates(estimated.path.genes), without_gates(plain.path.genes));
}

TEST(FitCis, ExpectedOpennessChoosesTermsWhateverTheThreads) {
  const TestContext one(1), two(2);
  auto simulation = handful();
  simulation.capture = 0.4;
  const auto cells = simulated_study(simulation, two.context);
  CisOptions options;
  options.gate_folds = 0;
  for (int32_t gene = 0; gene < cells.study.genes.size(); ++gene) {
    const bool regulated = cells.truth(gene).kind != Regulation::kNone;
    const size_t most = testing::sized(16, 6);
    if (regulated && options.genes.size() < most) options.genes.push_back(gene);
  }
  const auto plain = fit_cis(cells.study, cells.latents, options, two.context);
  options.capture = 0.4;
  const auto alone = fit_cis(cells.study, cells.latents, options, one.context);
  const auto both = fit_cis(cells.study, cells.latents, options, two.context);
  EXPECT_EQ(without_gates(alone.path.genes), without_gates(both.path.genes));
  EXPECT_NE(without_gates(alone.path.genes), without_gates(plain.path.genes));
}

/// Keeps the last that it was told.
struct LastProgress : Reporter {
  void progress(std::string_view task, int64_t done, int64_t total, std::string_view) override {
    if (task != "cis path") return;
    EXPECT_LE(done, total);
    last = {done, total};
  }
  std::pair<int64_t, int64_t> last;
};

TEST(FitCis, ProgressEndsAtItsEndWhetherOrNotCaptureWasEstimated) {
  TestContext threads(2);
  for (const double missed : {0.0, 0.6}) {
    auto simulation = least();
    simulation.capture = 1 - missed;
    const auto cells = simulated_study(simulation, threads.context);
    LastProgress reporter;
    CisOptions options;
    options.gate_folds = 2;
    options.capture = 0;
    fit_cis(cells.study, cells.latents, options, {1, threads.pool, reporter, nullptr});
    EXPECT_GT(reporter.last.first, 0);
    EXPECT_EQ(reporter.last.first, reporter.last.second);
  }
}

TEST(FitCis, TestCellsAreNeverSeen) {
  auto study = any_world().cells.study;
  CisOptions options;
  const size_t step = testing::sized(10, 3);
  for (size_t g = 0; g < 4; ++g) options.genes.push_back(any_world().fit.path.genes[g * step].gene);
  TestContext threads;
  const auto before = fit_cis(study, any_world().cells.latents, options, threads.context);
  for (int64_t cell = 0; cell < study.cells.size(); ++cell) {
    if (study.cells.split[static_cast<size_t>(cell)] != Split::kTest) continue;
    const auto begin = study.counts.pattern.offsets[static_cast<size_t>(cell)];
    const auto end = study.counts.pattern.offsets[static_cast<size_t>(cell) + 1];
    for (auto i = begin; i < end; ++i) study.counts.values[static_cast<size_t>(i)] += 7;
  }
  const auto after = fit_cis(study, any_world().cells.latents, options, threads.context);
  for (size_t g = 0; g < 4; ++g) {
    EXPECT_EQ(after.path.genes[g].terms, before.path.genes[g].terms);
    EXPECT_EQ(after.path.genes[g].state, before.path.genes[g].state);
    EXPECT_EQ(after.path.genes[g].cis.gain, before.path.genes[g].cis.gain);
  }
}

TEST(FitCis, LatentsThatKnowTheTrainingCellsByHeartPassNoGate) {
  // The first latent of a training cell is what was measured of a gene, elsewhere it is noise: an
  // encoder that has learnt its cells and nothing else.
  const auto& study = any_world().cells.study;
  const int32_t gene = any_world().fit.path.genes[0].gene;
  auto latents = any_world().cells.latents;
  const size_t width = latents.size() / static_cast<size_t>(study.cells.size());
  RandomStream random(3, Purpose::kBenchmark);
  TestContext threads;
  const auto counts = cis_rows(study, {}, empty_cis_path(study, 0), study.cells_of(Split::kTrain));
  std::vector<double> measured(static_cast<size_t>(study.cells.size()), 0.0);
  const auto response = counts.response(gene);
  for (size_t i = 0; i < response.size(); ++i) {
    measured[static_cast<size_t>(counts.cells[i])] = response[i];
  }
  for (size_t c = 0; c < measured.size(); ++c) {
    double value = std::log1p(measured[c]);
    if (study.cells.split[c] != Split::kTrain) value = 0.5 * random.normal();
    latents[c * width] = static_cast<float>(value);
  }
  CisOptions options;
  options.genes = {gene};
  const auto fit = fit_cis(study, latents, options, threads.context);
  EXPECT_FALSE(fit.path.genes[0].whole.passed);
  EXPECT_LT(fit.path.genes[0].whole.gain, 0);
}

TEST_F(FitCisOfManyGenes, ShuffledPeaksLeaveNothingToFind) {
  // Each cell gets the peaks of another of its type: regulation is gone, and with it the gates.
  auto study = world().cells.study;
  std::vector<int32_t> from(static_cast<size_t>(study.cells.size()));
  for (int32_t type = 0; type < static_cast<int32_t>(study.cells.type.names.size()); ++type) {
    for (const auto split : {Split::kTrain, Split::kValidation, Split::kTest}) {
      const auto cells = study.cells_of(split, type);
      for (size_t i = 0; i < cells.size(); ++i) {
        from[static_cast<size_t>(cells[i])] = cells[(i + 1) % cells.size()];
      }
    }
  }
  study.open = select_rows(study.open, from);
  TestContext threads;
  CisOptions options;
  options.gate_folds = 2;
  const auto fit = fit_cis(study, world().cells.latents, options, threads.context);
  const auto passed = std::count_if(fit.path.genes.begin(), fit.path.genes.end(),
                                    [](const CisGene& gene) { return gene.cis.passed; });
  // With no true gene, a rate of 0.1 means that any passes at all in a tenth of the experiments.
  EXPECT_LE(passed, 2);
}

TEST_F(FitCisOfManyGenes, LogValuesAreFittedWhereThereAreNoCounts) {
  auto study = world().cells.study;
  study.counts = {};
  study.scale = ExpressionScale::kAsGiven;
  CisOptions options;
  for (const auto& gene : world().fit.path.genes) {
    if (world().cells.truth(gene.gene).kind == Regulation::kSingle) {
      options.genes.push_back(gene.gene);
    }
  }
  TestContext threads;
  const auto fit = fit_cis(study, world().cells.latents, options, threads.context);
  EXPECT_EQ(fit.path.response, CisResponse::kLogValues);
  const auto rows = cis_rows(study, world().cells.latents, fit.path, study.cells_of(Split::kTrain));
  double found = 0;
  for (const auto& gene : fit.path.genes) {
    EXPECT_EQ(gene.sum, TermSum::kMultiply);
    found += recall(world(), fit, gene, rows);
  }
  // Normal errors on log values lose power to counts, not the strongest peak.
  EXPECT_GE(found / static_cast<double>(fit.path.genes.size()), 0.8);
  const auto table = cis_table(study, fit);
  EXPECT_EQ(table.text(0, "response"), "log values (no counts)");
}

TEST(FitCis, TheTableHasARowATermAndOneForGenesWithout) {
  const auto& fit = any_world().fit;
  const auto table = cis_table(any_world().cells.study, fit);
  size_t rows = 0;
  for (const auto& gene : fit.path.genes) rows += std::max<size_t>(1, gene.terms.size());
  ASSERT_EQ(table.rows(), rows);
  std::set<std::string> genes;
  for (size_t row = 0; row < rows; ++row) {
    genes.insert(table.text(row, "gene"));
    if (table.text(row, "kind") == "none") continue;
    EXPECT_NEAR(table.number(row, "fold"), std::exp(table.number(row, "log_weight")), 1e-4);
  }
  EXPECT_EQ(genes.size(), fit.path.genes.size());
}

TEST(FitCis, GenesWithoutPlaceAreSkippedAndNoneAtAllIsToldHowToMend) {
  auto study = any_world().cells.study;
  const int32_t gene = any_world().fit.path.genes[3].gene;
  study.genes.chromosome[static_cast<size_t>(gene)].clear();
  CisOptions options;
  options.genes = {gene, any_world().fit.path.genes[0].gene};
  TestContext threads;
  const auto fit = fit_cis(study, any_world().cells.latents, options, threads.context);
  EXPECT_EQ(fit.skipped, std::vector<int32_t>{gene});
  EXPECT_EQ(fit.path.genes.size(), 1u);
  for (auto& chromosome : study.genes.chromosome) chromosome.clear();
  try {
    fit_cis(study, any_world().cells.latents, options, threads.context);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("--genes"));
  }
}

TEST(FitCis, BadOptionsAreToldAllAtOnce) {
  CisOptions options;
  options.window = 2'000'000;
  options.most_terms = 40;
  options.weight_ridge = 0;
  options.gate_folds = 1;
  try {
    validate(options, "cis");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    for (const char* part :
         {"--cis-window must be at least 1 and at most 1000000, not 2000000", "most-terms must be",
          "weight-ridge must be above 0, not 0", "--gate-folds must be 0, or 2 or more, not 1"}) {
      EXPECT_THAT(error.what(), HasSubstr(part));
    }
  }
}

TEST(CisRows, WindowsHoldThePeaksWithinTheDistance) {
  Study study = any_world().cells.study;
  study.genes.further_sites.resize(static_cast<size_t>(study.genes.size()));
  for (const int64_t beside : {90'000, 300'000}) {  // one window that joins the first, one apart
    study.genes.further_sites[0].push_back(study.genes.tss(0) + beside);
  }
  for (const int64_t gene :
       {int64_t{0}, testing::sized<int64_t>(17, 5), testing::sized<int64_t>(44, 11)}) {
    std::vector<int32_t> expected;
    for (int64_t peak = 0; peak < study.peaks.size(); ++peak) {
      const auto distance = distance_to_tss(study, gene, peak);
      if (distance && std::abs(*distance) <= 60'000) expected.push_back(static_cast<int32_t>(peak));
    }
    EXPECT_EQ(window_peaks(study, gene, 60'000), expected);
  }
}

}  // namespace
}  // namespace grids::core
