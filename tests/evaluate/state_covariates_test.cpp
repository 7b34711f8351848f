#include "evaluate/state_covariates.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "explain/small_study.hpp"

namespace grids::core {
namespace {

struct StateWorld {
  explicit StateWorld(int threads = 1) : pool(threads), context{1, pool, reporter} {}

  StateCovariates state(int64_t components) const {
    return {study, surrogate, components, context};
  }

  ThreadPool pool;
  Reporter reporter;
  Context context;
  Study study = testing::small_study();
  FoldedSurrogate surrogate{testing::random_surrogate(testing::small_shape(), 1)};
};

double total_variance(const std::vector<float>& rows, size_t width, size_t begin, size_t end) {
  double total = 0;
  const auto n = static_cast<double>(rows.size() / width);
  for (size_t j = begin; j < end; ++j) {
    double sum = 0, squares = 0;
    for (size_t i = j; i < rows.size(); i += width) {
      sum += double{rows[i]};
      squares += double{rows[i]} * double{rows[i]};
    }
    total += squares / n - sum * sum / n / n;
  }
  return total;
}

TEST(StateCovariates, WithoutComponentsAreTheLatents) {
  const StateWorld world;
  const std::vector<int32_t> cells = {5, 3, 250};
  EXPECT_EQ(world.state(0).of(cells, world.context),
            world.surrogate.atac_latents(world.context.pool, select_rows(world.study.open, cells)));
}

TEST(StateCovariates, LatentsAndComponentsWeighTheSameOnTrainingCells) {
  const StateWorld world, three(3);
  const auto latents = static_cast<size_t>(world.surrogate.shape().latent);
  const auto cells = world.study.cells_of(Split::kTrain);
  const auto rows = world.state(10).of(cells, world.context);
  ASSERT_EQ(rows.size(), cells.size() * (latents + 10));
  // Sums of floats; and components have n − 1 in the place of n.
  EXPECT_NEAR(total_variance(rows, latents + 10, 0, latents), 1, 1e-4);
  EXPECT_NEAR(total_variance(rows, latents + 10, latents, latents + 10), 1,
              2.0 / static_cast<double>(cells.size()));
  EXPECT_EQ(rows, three.state(10).of(cells, three.context));
}

TEST(StateCovariates, ACellsNumbersDoNotDependOnTheOthers) {
  const StateWorld world;
  const auto state = world.state(10);
  const std::vector<int32_t> alone = {7}, several = {200, 7, 11};
  const auto one = state.of(alone, world.context);
  const auto three = state.of(several, world.context);
  EXPECT_EQ(one, std::vector<float>(three.begin() + std::ssize(one),
                                    three.begin() + 2 * std::ssize(one)));
}

}  // namespace
}  // namespace grids::core
