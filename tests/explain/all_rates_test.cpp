#include "explain/all_rates.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/indices.hpp"
#include "support/random_cis.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core {
namespace {

constexpr int64_t kCells = 300;  // more than are predicted at once

TEST(AllRates, AreSumsOverCellsToTheLastBitWhateverIsKept) {
  ThreadPool pool(2);
  const auto file = testing::random_surrogate(testing::small_shape(), 8);
  const FoldedSurrogate surrogate(file);
  const auto path = testing::random_cis(file.shape, 8);
  const SurrogateModel model(surrogate, testing::random_open(kCells, file.shape.peaks(), 0.15, 9),
                             replace_by(file.shape.peaks(), 0), pool,
                             testing::random_contribution(path, kCells, 8));
  const AllRates kept(model), computed_again(model, 0);
  const auto genes = indices_below(file.shape.genes);
  for (const std::vector<Feature>& set :
       {std::vector<Feature>{}, std::vector<Feature>{3, 5, 40}, std::vector<Feature>{69}}) {
    const auto state = model.begin(set, indices_below(kCells), genes);
    std::vector<double> expected(genes.size(), 0.0);
    const auto outputs = state->outputs();
    for (size_t i = 0; i < outputs.size(); ++i) {
      expected[i % genes.size()] += std::expm1(std::max(double{outputs[i]}, 0.0));
    }
    EXPECT_EQ(kept.after(set), expected);
    EXPECT_EQ(computed_again.after(set), expected);
    if (!set.empty()) continue;
    EXPECT_EQ(kept.before(), expected);
    EXPECT_EQ(computed_again.before(), expected);
  }
}

}  // namespace
}  // namespace grids::core
