#include "model/train_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TrainingWords, OfDefaultsNameTheAlignmentAlone) {
  EXPECT_THAT(training_words(TrainOptions().to_json()), ElementsAre("--alignment=joint"));
}

TEST(TrainingWords, AskForWhatIsNotAsUsual) {
  TrainOptions options;
  options.alignment = Alignment::kPublished;
  options.atac_steps = 40;
  options.atac_rate = 0.002;
  options.refit_readout = false;
  options.layers.latent = 8;
  EXPECT_THAT(training_words(options.to_json()),
              ElementsAre("--alignment=published", "--atac-steps=40", "--atac-rate=0.002",
                          "--keep-readout", "--latent=8"));
}

TEST(TrainingWords, OfWhatNoOptionAsksForIsAnError) {
  TrainOptions options;
  options.layers.experts = 4;
  try {
    training_words(options.to_json());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("experts = 4"));
  }
  EXPECT_THROW(training_words("{}"), Error);
}

}  // namespace
}  // namespace grids::core
