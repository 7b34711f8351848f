#include "pipeline/explain_into.hpp"

#include <gtest/gtest.h>

namespace grids::core {
namespace {

TEST(ExplainArguments, OpeningAsksWhatRaisesUnlessTheUserSaysOtherwise) {
  ExplainArguments arguments;
  const auto direction = [&](Perturbation perturbation, WantedDirection wanted) {
    arguments.options.perturbation = perturbation;
    arguments.direction = wanted;
    return arguments.stage_options().loss.direction;
  };
  EXPECT_EQ(direction(Perturbation::kClosed, WantedDirection::kAuto), Direction::kDown);
  EXPECT_EQ(direction(Perturbation::kMean, WantedDirection::kAuto), Direction::kDown);
  EXPECT_EQ(direction(Perturbation::kOpen, WantedDirection::kAuto), Direction::kUp);
  EXPECT_EQ(direction(Perturbation::kOpen, WantedDirection::kDown), Direction::kDown);
  EXPECT_EQ(direction(Perturbation::kClosed, WantedDirection::kUp), Direction::kUp);
}

}  // namespace
}  // namespace grids::core
