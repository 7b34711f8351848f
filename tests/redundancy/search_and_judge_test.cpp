#include "redundancy/search_and_judge.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "cis/cis_rows.hpp"
#include "redundancy/control_studies.hpp"
#include "redundancy/fit_rates.hpp"
#include "redundancy/planted_pairs.hpp"
#include "redundancy/redundancy_tables.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core {
namespace {

using testing::planted_pairs;
using testing::PlantedPairs;
using testing::shape_of;

std::string text_of(const Study& study, const std::vector<SetRedundancy>& sets) {
  std::string text;
  for (const auto& table : redundancy_tables(study, sets)) {
    for (size_t i = 0; i < table.rows(); ++i) {
      for (const auto& cell : table.row(i)) text += cell + "\t";
      text += "\n";
    }
  }
  return text;
}

TEST(RedundancySearch, AnswersDependOnNoThreadAndNoOtherTarget) {
  const PlantedPairs one(1);
  const auto& two = planted_pairs();
  const auto whole = two.find(two.targets);
  EXPECT_EQ(text_of(one.cells.study, one.find(one.targets).sets),
            text_of(two.cells.study, whole.sets));
  // Targets in portions, whichever way their terms point, give the same rows.
  std::multiset<std::string> together, apart;
  for (const auto& set : whole.sets) together.insert(text_of(two.cells.study, {set}));
  for (const auto& target : two.targets) {
    for (const auto& set : two.find({target}).sets) apart.insert(text_of(two.cells.study, {set}));
  }
  EXPECT_EQ(together, apart);
}

/// `explain` gives the judge of calls the state that the judge of verdicts has made.
TEST(RedundancyJudging, IsTheSameWithAStateThatWasMadeBefore) {
  const auto& w = planted_pairs();
  std::vector<RedundancyTarget> targets;
  for (const auto& set : w.find(w.targets).sets) targets.push_back(set.target);
  const auto& options = w.plan.judging;
  const auto surrogate = w.surrogate();
  const auto judged = [&](std::shared_ptr<const StateCovariates> state) {
    return text_of(w.cells.study, RedundancyJudge(w.cells.study, surrogate, options, w.test.context,
                                                  std::move(state))
                                      .judge(targets));
  };
  const auto state_of = [&](int64_t components) {
    return std::make_shared<const StateCovariates>(w.cells.study, surrogate, components,
                                                   w.test.context);
  };
  const auto own = judged(nullptr);
  EXPECT_EQ(judged(state_of(options.contrast.components)), own);
  EXPECT_NE(judged(state_of(0)), own);  // the state that is given is the one that is used
}

TEST(RedundancySearch, RepressorsAreSoughtByWhatRises) {
  const auto& w = planted_pairs();
  int raised = 0, lowered = 0;
  for (const auto& set : w.find(w.targets).sets) {
    const auto& truth = w.cells.truth(set.target.gene);
    if (set.judged < 2 || truth.peaks.size() != 2 || !(std::abs(set.change_as_cells) > 0.05)) {
      continue;
    }
    EXPECT_EQ(truth.effect > 0, set.change_as_cells > 0) << truth.gene;
    (set.change_as_cells > 0 ? raised : lowered) += 1;
  }
  EXPECT_GT(raised, 0);
  EXPECT_GT(lowered, 0);
}

/// Held out by folds, what is called of a planted pair is its true action.
TEST(RedundancySearch, CrossFittedCallsOfPlantedPairsAreRight) {
  const auto& w = planted_pairs();
  auto plan = w.plan;
  plan.cross_fit = true;
  const auto sets =
      RedundancySearch(w.cells.study, w.surrogate(), plan, w.test.context).find(w.targets).sets;
  int called = 0;
  for (const auto& set : sets) {
    const auto& truth = w.cells.truth(set.target.gene);
    std::vector<int32_t> judged;
    for (const auto& element : set.judged_elements()) {
      judged.insert(judged.end(), element.peaks.begin(), element.peaks.end());
    }
    if (judged != w.cells.peaks(truth.peaks) || !is_called(set.result.call)) continue;
    EXPECT_EQ(set.cells_from, "folds");
    EXPECT_GE(set.folds, 4);
    ++called;
    const auto wanted = truth.kind == Regulation::kEither     ? RedundancyCall::kRedundant
                        : truth.kind == Regulation::kTogether ? RedundancyCall::kCooperative
                                                              : RedundancyCall::kIndependent;
    EXPECT_EQ(set.result.call, wanted) << truth.gene;
  }
  EXPECT_GE(called, 3);
}

/// Each cell is measured once: by the fold that held it out, or as a test cell. A fold that
/// measured the cells that chose its terms would count them several times.
TEST(RedundancySearch, FoldsMeasureTheCellsThatTheyHeldOut) {
  const auto& w = planted_pairs();
  auto plan = w.plan;
  plan.cross_fit = true;
  const auto sets =
      RedundancySearch(w.cells.study, w.surrogate(), plan, w.test.context).find(w.targets).sets;
  const auto& cells = w.cells.study.cells;
  const auto with_rna = std::count_if(cells.total_rna.begin(), cells.total_rna.end(),
                                      [](double total) { return total > 0; });
  int whole = 0;
  for (const auto& set : sets) {
    if (set.cells_from != "folds") continue;
    if (set.folds == plan.folds.folds) {
      EXPECT_EQ(set.cells, with_rna);
      ++whole;
    } else {
      EXPECT_LT(set.cells, with_rna);  // without those of folds that did not find the set
    }
  }
  EXPECT_GT(whole, 0);
}

TEST(RedundancySearch, FoldsThatDoNotAgreeCallNothing) {
  const auto& w = planted_pairs();
  auto plan = w.plan;
  plan.cross_fit = true;
  plan.folds.folds = 2;
  plan.folds.least_agreeing = 2;
  auto strict = plan;
  strict.judging.rule.margin = 0.15;
  const auto sets =
      RedundancySearch(w.cells.study, w.surrogate(), strict, w.test.context).find(w.targets).sets;
  for (const auto& set : sets) {
    if (set.judged < 2 || set.folds >= 2) continue;
    EXPECT_FALSE(is_called(set.result.call));
    EXPECT_EQ(set.result.reason.substr(0, 6), "folds:");
  }
}

TEST(RedundancySearch, HalvesSelectMostPlantedMembers) {
  const auto& w = planted_pairs();
  auto plan = w.plan;
  plan.half_samples = 2;
  const auto found =
      RedundancySearch(w.cells.study, w.surrogate(), plan, w.test.context).find(w.targets);
  ASSERT_EQ(found.stability.size(), w.targets.size() - found.skipped.size());
  double selected = 0, planted = 0;
  for (const auto& set : found.stability) {
    const auto causes = w.cells.peaks(w.cells.truth(set.target.gene).peaks);
    for (const auto& element : set.elements) {
      EXPECT_GE(element.frequency, 0);
      EXPECT_LE(element.frequency, 1);
      if (!std::includes(causes.begin(), causes.end(), element.element.peaks.begin(),
                         element.element.peaks.end())) {
        continue;
      }
      selected += element.frequency;
      planted += 1;
    }
  }
  EXPECT_GT(selected / planted, 0.6);  // of 750 cells
}

/// Where halves are given surrogates, it is these that they are searched with: the same one gives
/// the same rows, others not.
TEST(RedundancySearch, HalvesUseTheSurrogateThatWasTrainedOnThem) {
  const auto& w = planted_pairs();
  const std::vector<ExplainTarget> few(w.targets.begin(), w.targets.begin() + 5);
  const auto rows_with = [&](const SurrogateOfHalf& trained_on) {
    auto plan = w.plan;
    plan.half_samples = 1;
    plan.trained_on = trained_on;
    const auto found =
        RedundancySearch(w.cells.study, w.surrogate(), plan, w.test.context).find(few);
    const auto table = stability_table(w.cells.study, found.stability);
    std::string text;
    for (size_t i = 0; i < table.rows(); ++i) {
      for (const auto& cell : table.row(i)) text += cell + "\t";
    }
    return text;
  };
  std::set<int64_t> asked;
  const auto trained = [&](uint64_t seed) {
    return [&, seed](int64_t half) {
      asked.insert(half);
      return FoldedSurrogate(testing::random_surrogate(shape_of(w.cells.study), seed));
    };
  };
  EXPECT_EQ(rows_with({}), rows_with(trained(3)));
  EXPECT_EQ(asked, std::set<int64_t>{0});
  // Eight latents of noise more or less move little else than which of two weak terms is chosen.
  EXPECT_NE(rows_with(trained(4)), rows_with(trained(3)));
}

/// A surrogate that is linear on the scale of its output has no hidden share, whatever its cells.
TEST(FitOfGene, OfALinearModelHidesNothing) {
  const auto& w = planted_pairs();
  CisPath path = w.fit.path;
  path.response = CisResponse::kLogValues;
  int judged = 0;
  for (auto& gene : path.genes) {
    gene.sum = TermSum::kMultiply;
    std::erase_if(gene.terms, [](const CisTerm& term) { return term.peaks.size() != 1; });
  }
  std::vector<int32_t> genes;
  for (const auto& gene : path.genes) genes.push_back(gene.gene);
  const StudySurrogate linear = StudySurrogate(w.folded, &path).asked_for(genes);
  const auto cells = w.cells.study.cells_of(Split::kTest);
  for (const auto& gene : path.genes) {
    if (gene.terms.size() < 2) continue;
    const FitOfGene fit(w.cells.study, linear, gene.gene, cells, w.test.context.pool);
    std::vector<int32_t> peaks;
    for (const auto& term : gene.terms) peaks.push_back(term.peaks.front());
    auto elements = elements_of(w.cells.study, gene.gene, peaks);
    if (elements.size() < 2) continue;
    elements.resize(std::min<size_t>(elements.size(), 6));
    const auto rates = fit.rates(elements);
    const auto parts = hidden_parts(rates, elements.size());
    if (std::abs(parts.total) < 1e-6) continue;
    EXPECT_NEAR(parts.numerator / parts.total, 0, 1e-6);
    ++judged;
  }
  EXPECT_GT(judged, 3);
}

TEST(FitOfGene, RatesAreThoseOfTheSurrogateUnderItsMasks) {
  const auto& w = planted_pairs();
  std::vector<int32_t> genes;
  for (const auto& gene : w.fit.path.genes) genes.push_back(gene.gene);
  const auto asked = w.surrogate().asked_for(genes);
  const auto cells = w.cells.study.cells_of(Split::kTest);
  const auto& gene = *std::find_if(w.fit.path.genes.begin(), w.fit.path.genes.end(),
                                   [](const CisGene& g) { return !g.terms.empty(); });
  const FitOfGene fit(w.cells.study, asked, gene.gene, cells, w.test.context.pool);
  const auto predicted = asked.predict(w.cells.study, cells, {&gene.gene, 1}, w.test.context.pool);
  double mean = 0;
  for (const float value : predicted) mean += std::expm1(double{value});
  // Floats of predictions, doubles here.
  EXPECT_NEAR(fit.rate_without({}, 0), mean / static_cast<double>(cells.size()), 1e-4 * mean);
  // With every element open or closed, a rate is between those of none and all, or outside by sign.
  const auto elements = elements_of(w.cells.study, gene.gene, gene.terms.front().peaks);
  const auto rates = fit.rates(elements);
  EXPECT_EQ(rates.size(), size_t{1} << elements.size());
  EXPECT_DOUBLE_EQ(rates.front(), fit.rate_without(elements, all_open(elements.size())));
}

/// Of {a, b, c} of which any one suffices, {a, b} hide nothing while c is open, and all without it.
TEST(FitOfGene, AThirdStandInShowsOnceItIsClosed) {
  const auto& w = planted_pairs();
  CisPath path = w.fit.path;
  auto& gene = *std::find_if(path.genes.begin(), path.genes.end(), [&](const CisGene& g) {
    return window_peaks(w.cells.study, g.gene, 250'000).size() > 30;
  });
  const auto window = window_peaks(w.cells.study, gene.gene, 250'000);
  const std::vector<int32_t> peaks = {window[0], window[12], window[24]};
  gene.sum = TermSum::kMultiply;
  gene.terms = {{TermKind::kAny, peaks, 1.0, {}, 1}};
  const auto surrogate = StudySurrogate(w.folded, &path).asked_for({&gene.gene, 1});
  const auto cells = w.cells.study.cells_of(Split::kTest);
  const FitOfGene fit(w.cells.study, surrogate, gene.gene, cells, w.test.context.pool);
  const std::vector<Element> two = {{{peaks[0]}, ElementClass::kDistal},
                                    {{peaks[1]}, ElementClass::kDistal}};
  const auto alone = fit.rates_without_others(two);
  EXPECT_NEAR(alone[1], alone[3], 1e-9 * alone[3]);
  EXPECT_NEAR(alone[3], std::exp(1.0) * alone[0], 1e-6 * alone[3]);
  // With the third as observed, part of the cells need neither.
  const auto observed = fit.rates(two);
  EXPECT_LT(observed[3] / observed[0], std::exp(1.0) - 0.01);
}

TEST(ControlStudies, PermutedChromatinIsAnothersOfTheSameGroup) {
  const auto& w = planted_pairs();
  const auto& study = w.cells.study;
  const auto control = permuted_chromatin(study, w.test.context);
  EXPECT_GT(control.share_moved, 0.99);
  // The same rows in another order, part by part of the split.
  for (const Split split : {Split::kTrain, Split::kValidation, Split::kTest}) {
    std::multiset<double> before, after;
    for (const int32_t cell : study.cells_of(split)) {
      before.insert(study.cells.open_peaks[static_cast<size_t>(cell)]);
      after.insert(control.study.cells.open_peaks[static_cast<size_t>(cell)]);
    }
    EXPECT_EQ(before, after);
  }
  EXPECT_EQ(control.study.counts.values, study.counts.values);
}

TEST(ControlStudies, DecoysLieOnOtherChromosomesEachOnce) {
  const auto& w = planted_pairs();
  const auto& study = w.cells.study;
  const auto control = decoy_windows(study, 250'000, w.test.context);
  std::set<std::pair<std::string, int64_t>> places;
  for (int32_t gene = 0; gene < study.genes.size(); ++gene) {
    if (!control.study.genes.has_position(gene)) continue;
    const auto g = static_cast<size_t>(gene);
    EXPECT_NE(control.study.genes.chromosome[g], study.genes.chromosome[g]);
    EXPECT_TRUE(
        places.emplace(control.study.genes.chromosome[g], control.study.genes.start[g]).second);
  }
  EXPECT_GT(control.share_moved, 0.5);
}

TEST(ControlStudies, GenesOfOneChromosomeHaveNoDecoys) {
  auto study = planted_pairs().cells.study;
  EXPECT_EQ(why_no_decoys(study), "");
  for (auto& chromosome : study.genes.chromosome) chromosome = "chr1";
  EXPECT_NE(why_no_decoys(study).find("chr1"), std::string::npos);
  EXPECT_THROW(decoy_windows(study, 250'000, planted_pairs().test.context), Error);
}

TEST(ControlStudies, NeighboursSwapInPairs) {
  const auto& w = planted_pairs();
  const auto latents = w.folded.atac_latents(w.test.context.pool, w.cells.study.open);
  const auto control = swapped_with_neighbours(w.cells.study, latents, 30, w.test.context);
  EXPECT_GT(control.share_moved, 0.8);
  EXPECT_LE(control.share_moved, 1);
}

TEST(SomeCells, AreThoseCells) {
  const auto& w = planted_pairs();
  const std::vector<int32_t> chosen = {5, 900, 17};
  const auto part = some_cells(w.cells.study, chosen);
  ASSERT_EQ(part.cells.size(), 3);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(part.cells.barcodes[i], w.cells.study.cells.barcodes[static_cast<size_t>(chosen[i])]);
    const auto own = part.open.row(static_cast<int64_t>(i));
    const auto before = w.cells.study.open.row(chosen[i]);
    EXPECT_TRUE(std::equal(own.begin(), own.end(), before.begin(), before.end()));
  }
}

}  // namespace
}  // namespace grids::core
