#include "redundancy/alternatives.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "explain/small_study.hpp"
#include "redundancy/elements.hpp"
#include "support/random_cis.hpp"

namespace grids::core {
namespace {

/// Gene 0 on a cis path of these terms, in cells whose state says nothing; peaks 23 to 62 lie 500
/// bp apart on one chromosome.
struct AlternativesWorld {
  explicit AlternativesWorld(std::vector<CisTerm> terms)
      : study(testing::small_study()),
        folded(testing::random_surrogate(testing::small_shape(), 4)),
        path(testing::random_cis(testing::small_shape(), 1)) {
    path.types = 2;
    path.donors = path.batches = 0;
    CisGene gene;
    gene.state.assign(static_cast<size_t>(path.state_size()), 0.0);
    gene.state[0] = -9;
    gene.cis.passed = gene.whole.passed = true;
    gene.terms = std::move(terms);
    path.genes = {gene};
    options.force = true;
  }

  std::vector<Alternatives> found(std::vector<ExplainTarget> targets,
                                  const AlternativesOptions& alternatives = {}) {
    const StudySurrogate surrogate(folded, &path);
    const auto result = explain(study, surrogate, targets, options, context);
    return find_alternatives(study, surrogate, result.explained, options, alternatives, context);
  }

  ThreadPool pool{2};
  Reporter reporter;
  Context context{7, pool, reporter};
  Study study;
  FoldedSurrogate folded;
  CisPath path;
  ExplainStageOptions options;
};

CisTerm term_of(TermKind kind, std::vector<int32_t> peaks, double weight) {
  CisTerm term;
  term.kind = kind;
  term.peaks = std::move(peaks);
  term.weight = weight;
  return term;
}

TEST(Alternatives, AreDisjointNearlyAsGoodAndWeighedTogether) {
  AlternativesWorld world({term_of(TermKind::kAll, {30}, 0.6), term_of(TermKind::kAll, {45}, 0.7),
                           term_of(TermKind::kAll, {46}, 0.7), term_of(TermKind::kAll, {55}, 0.5),
                           term_of(TermKind::kAll, {60}, 0.05)});
  const auto found = world.found({{1, 0, 1}}, {10, 0.5});
  ASSERT_EQ(found.size(), 1u);
  const auto& sets = found[0].sets;
  // 45 and 46 are one element, of which one is found; 60 changes too little.
  ASSERT_EQ(sets.size(), 3u);
  EXPECT_TRUE(sets[0].peaks == std::vector<int32_t>{45} ||
              sets[0].peaks == std::vector<int32_t>{46});
  EXPECT_EQ(sets[1].peaks, std::vector<int32_t>{30});
  EXPECT_EQ(sets[2].peaks, std::vector<int32_t>{55});
  EXPECT_TRUE(std::isnan(sets[0].with_first));
  for (size_t i = 1; i < sets.size(); ++i) {
    EXPECT_GE(sets[i].alone / sets[0].alone, 0.5);
    EXPECT_NEAR(1 + sets[i].with_first, (1 + sets[0].alone) * (1 + sets[i].after_first), 1e-9);
  }
}

TEST(Alternatives, OneThatStandsInForTheFoundSetChangesMoreOnceThatIsGone) {
  AlternativesWorld world({term_of(TermKind::kAny, {27, 40}, 1.5)});
  const auto found = world.found({{1, 0, 1}});
  ASSERT_EQ(found.size(), 1u);
  ASSERT_EQ(found[0].sets.size(), 2u);
  const auto& second = found[0].sets[1];
  EXPECT_EQ(found[0].sets[0].peaks.size() + second.peaks.size(), 2u);
  EXPECT_LT(second.after_first, second.alone);  // both are negative
  EXPECT_LT(second.alone, 0);
  // No more sets than asked for.
  EXPECT_EQ(world.found({{1, 0, 1}}, {1, 0.5}).at(0).sets.size(), 1u);
}

TEST(Alternatives, ThereAreNoneOfGenesWithoutACisPath) {
  AlternativesWorld world({term_of(TermKind::kAll, {30}, 0.6)});
  const auto found = world.found({{1, 4, 2}, {1, 0, 1}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].target.gene, 0);
  EXPECT_EQ(found[0].sets.size(), 1u);  // no peak is left
  EXPECT_EQ(alternatives_table(world.study, found).rows(), 1u);
}

TEST(Elements, NeighboursAreThosePeaksThatWouldBeOfOneElement) {
  const auto study = testing::small_study();
  const std::vector<int32_t> peaks = {23, 40};
  // 23 is the first of its chromosome.
  EXPECT_EQ(with_neighbours(study, peaks), (std::vector<int32_t>{23, 24, 39, 40, 41}));
}

}  // namespace
}  // namespace grids::core
