// What LIME, SAGE and SmoothGrad draw, and how they weigh it.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/indices.hpp"
#include "methods/explainer.hpp"
#include "methods/lime.hpp"
#include "methods/sage.hpp"
#include "methods/smoothgrad.hpp"
#include "support/formula_model.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using testing::FormulaModel;
using testing::FormulaState;
using testing::SearchWorld;
using testing::value_objective;

struct OneThread {
  ThreadPool pool{1};
  Reporter reporter;
  Context context{1, pool, reporter};
};

TEST(Lime, AMaskCountsByItsDistanceFromTheCell) {
  const OneThread f;
  const FormulaModel model(2, [](const std::vector<double>& x) { return 50 + 3 * x[0] * x[1]; });
  Objective objective = value_objective(model);
  LimeOptions options;
  options.neighbours = 4096;
  options.ridge = 1e-9;
  options.kernel_width = 0.5;
  // Both kept counts 1, one kept exp(−(1 − √½)² / 0.25) = 0.710, none kept exp(−4) = 0.018; they
  // are drawn a quarter, a half and a quarter of the time. Of the change −1 unless both are kept,
  // the weighted regression on the number kept has slope 0.959.
  lime_coefficients(objective, options, 0, f.context, [&](const CellCoefficients& cell) {
    for (const double coefficient : cell.coefficients) {
      // The shares of 4096 draws are off by 0.007, which moves the slope by 0.01.
      EXPECT_NEAR(coefficient, 0.959 * 3 / static_cast<double>(objective.cell_count()), 0.04);
    }
  });
}

TEST(Lime, TheFirstNeighbourIsTheCellItself) {
  const OneThread f;
  const FormulaModel model(12, [](const std::vector<double>& x) {
    double sum = 50;
    for (const double value : x) sum += value;
    return sum;
  });
  Objective objective = value_objective(model);
  LimeOptions options;
  options.neighbours = 2;
  // Two rows tell apart only what the second masks, and masking can only lower a sum. Were both
  // drawn, each would mask something that the other keeps, and signs would differ.
  double largest = 0;
  lime_coefficients(objective, options, 0, f.context, [&](const CellCoefficients& cell) {
    for (const double coefficient : cell.coefficients) {
      EXPECT_GE(coefficient, 0);
      largest = std::max(largest, coefficient);
    }
  });
  EXPECT_GT(largest, 0);
}

TEST(Lime, ManyFeaturesAreKeptIndependently) {
  // Features that were kept together would share what one of them does.
  constexpr int64_t kFeatures = 150;
  const OneThread f;
  const auto coefficient = [](size_t j) { return static_cast<double>(j % 7) - 3; };
  const FormulaModel model(kFeatures, [&](const std::vector<double>& x) {
    double sum = 500;
    for (size_t j = 0; j < x.size(); ++j) sum += coefficient(j) * x[j];
    return sum;
  });
  Objective objective = value_objective(model);
  LimeOptions options;
  options.neighbours = 1024;
  options.ridge = 1e-9;
  const auto cells = static_cast<double>(objective.cell_count());
  lime_coefficients(objective, options, 0, f.context, [&](const CellCoefficients& cell) {
    ASSERT_EQ(std::ssize(cell.features), kFeatures);
    for (size_t j = 0; j < cell.coefficients.size(); ++j) {
      // Predictions are floats near 500; ten times their rounding of 3e-5.
      EXPECT_NEAR(cell.coefficients[j] * cells, coefficient(j), 1e-3) << j;
    }
  });
}

/// Each cell is a linear model of its own, with the same value when nothing is masked.
class OwnCoefficients : public MaskableModel {
 public:
  explicit OwnCoefficients(const std::vector<std::vector<double>>& of_cells) {
    for (const auto& coefficients : of_cells) {
      formulas_.emplace_back([coefficients](const std::vector<double>& x) {
        double sum = 50;
        for (size_t j = 0; j < x.size(); ++j) sum -= coefficients[j] * (1 - x[j]);
        return sum;
      });
    }
    shape_ = {static_cast<int32_t>(of_cells.size()), static_cast<int32_t>(of_cells[0].size()), 1};
  }

  ModelShape shape() const override { return shape_; }
  /// Of masked features only single cells are asked for by name.
  std::unique_ptr<MaskState> begin(std::span<const Feature> subset, std::span<const int32_t> cells,
                                   std::span<const int32_t>) const override {
    return std::make_unique<FormulaState>(formulas_[static_cast<size_t>(cells[0])], shape_.features,
                                          subset, static_cast<int64_t>(cells.size()));
  }

 private:
  std::vector<testing::Formula> formulas_;
  ModelShape shape_;
};

std::vector<Feature> picked(const std::vector<std::vector<double>>& cells, int64_t picks) {
  const OneThread f;
  const OwnCoefficients model(cells);
  Objective objective = value_objective(model);
  ExplainerOptions options;
  options.set_size = 2;
  options.methods.edit<LimeOptions>().neighbours = 64;
  options.methods.edit<LimeOptions>().ridge = 1e-9;
  options.methods.edit<LimeOptions>().picks = picks;
  auto subset = find_explainer("lime-sp").explain(objective, options, f.context).subset;
  std::sort(subset.begin(), subset.end());
  return subset;
}

TEST(LimePick, TakesWhatThePickedCellsNameAndPicksWhatIsNotYetCovered) {
  // Importance √Σ: 4.2 of feature 0, 2 of 1, 2.4 of 2, 1 of 3, 1.7 of 4.
  const std::vector<std::vector<double>> cells = {
      {9, 4, 0, 0, 0}, {9, 0, 0, 0, 3}, {0, 0, 6, 1, 0}};
  EXPECT_EQ(picked(cells, 1), (std::vector<Feature>{0, 1}));  // of the first cell
  // The second cell adds feature 4 alone, the third 2 and 3: of all four, 0 and 2 weigh most.
  EXPECT_EQ(picked(cells, 2), (std::vector<Feature>{0, 2}));
}

TEST(LimePick, ManyFeaturesOfSomeWeightGoBeforeOneOfMuch) {
  // √16 + √0.1 < √6 + √6, though 16.1 > 12.
  EXPECT_EQ(picked({{16, 0.1, 0, 0}, {0, 0, 6, 6}, {0, 0, 0, 0}}, 1), (std::vector<Feature>{2, 3}));
}

TEST(Sage, TheBatchDecidesOnlyWhenTheErrorsAreLookedAt) {
  const SearchWorld world;
  SageOptions options;
  options.permutations = 96;
  options.threshold = 0;
  Objective objective = world.objective({});
  options.batch = 96;
  const auto whole = sage_values(objective, 4, options, 0, world.context);
  options.batch = 7;
  EXPECT_EQ(sage_values(objective, 4, options, 0, world.context).values, whole.values);
}

TEST(Sage, ThatHasConvergedDidNotWantMore) {
  const OneThread f;
  const auto model = testing::redundant_pair(3, 0.1);
  Objective objective = value_objective(model);
  SageOptions options;
  options.players = 1 << 20;
  const auto found = sage_values(objective, 4, options, 0, f.context);
  EXPECT_TRUE(found.converged);
  EXPECT_LT(found.permutations, options.permutations);
  EXPECT_FALSE(found.budget_spent);
}

TEST(SmoothGrad, EachCopyHasNoiseOfItsOwn) {
  const SearchWorld world;
  ExplainerOptions options;
  options.set_size = 10;
  options.methods.edit<SmoothGradOptions>().deviation =
      2;  // so much that one copy's ranking is that of its noise
  Objective objective = world.objective({});
  const auto with = [&](int64_t copies) {
    options.methods.edit<SmoothGradOptions>().copies = copies;
    const auto found = find_explainer("smoothgrad").explain(objective, options, world.context);
    EXPECT_FALSE(found.budget_spent);
    return found.subset;
  };
  EXPECT_NE(with(1), with(16));
}

TEST(Saliency, CountsTheCellsThatABudgetAffords) {
  const SearchWorld world;
  Objective objective = world.objective({});
  objective.budget = objective.cell_count() + 5 * kGradientEvaluations + 2;
  ExplainerOptions options;
  options.set_size = 3;
  const auto found = find_explainer("saliency").explain(objective, options, world.context);
  EXPECT_EQ(found.evaluations, objective.cell_count() + 5 * kGradientEvaluations);
  EXPECT_TRUE(found.budget_spent);
}

}  // namespace
}  // namespace grids::core
