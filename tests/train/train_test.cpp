// Training as a whole: what must be learnt, what must not depend on threads or interruptions.
#include "train/train.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "model/folded_surrogate.hpp"
#include "model/safetensors.hpp"
#include "support/temp_folder.hpp"
#include "train/losses.hpp"
#include "train/stated_study.hpp"

namespace grids::core {
namespace {

TrainOptions small_options(Alignment alignment = Alignment::kJoint) {
  TrainOptions options;
  options.alignment = alignment;
  options.atac_steps = options.rna_steps = options.alignment_steps = 24;
  options.batch = 32;
  options.evaluate_every = 5;
  options.patience = 3;
  options.layers.rna_hidden_1 = 24;
  options.layers.rna_hidden_2 = 16;
  options.layers.latent = 6;
  options.layers.experts = 3;
  options.layers.gate_hidden = 8;
  return options;
}

/// Asks to stop at the given report of progress, wherever that is.
class StopAtReport : public Reporter {
 public:
  StopAtReport(std::atomic<bool>& stop, int report) : stop_(stop), left_(report) {}
  void progress(std::string_view, int64_t, int64_t, std::string_view) override {
    if (--left_ == 0) stop_ = true;
  }

 private:
  std::atomic<bool>& stop_;
  int left_;
};

void expect_same(const TrainResult& a, const TrainResult& b) {
  ASSERT_EQ(a.surrogate.tensors.size(), b.surrogate.tensors.size());
  for (const auto& [name, tensor] : a.surrogate.tensors) {
    EXPECT_EQ(tensor.bytes, b.surrogate.tensors.at(name).bytes) << name;
  }
  ASSERT_EQ(a.curves.rows(), b.curves.rows());
  for (size_t row = 0; row < a.curves.rows(); ++row) {
    EXPECT_EQ(a.curves.text(row, "value"), b.curves.text(row, "value")) << row;
  }
}

TrainResult train_with(const TrainOptions& options, int threads = 1, uint64_t seed = 1) {
  ThreadPool pool(threads);
  Reporter silent;
  return train(planted_study(), options, Context{seed, pool, silent});
}

double last(const TrainResult& result, const std::string& stage, const std::string& split,
            const std::string& loss) {
  double value = NAN;
  for (size_t row = 0; row < result.curves.rows(); ++row) {
    if (result.curves.text(row, "stage") == stage && result.curves.text(row, "split") == split &&
        result.curves.text(row, "loss") == loss) {
      value = result.curves.number(row, "value");
    }
  }
  return value;
}

class BothAlignments : public ::testing::TestWithParam<Alignment> {};

TEST_P(BothAlignments, OneAndTwoThreadsGiveTheSameBits) {
  expect_same(train_with(small_options(GetParam()), 1), train_with(small_options(GetParam()), 2));
}

TEST_P(BothAlignments, AStoppedRunContinuesToTheSameBits) {
  TrainOptions options = small_options(GetParam());
  const test::TempFolder folder;
  options.checkpoint = folder / "resume";
  ThreadPool pool(1);
  const Study study = planted_study();
  // Every stage reports at least its first step: four stops in different places.
  for (int stopped = 0; stopped < 4; ++stopped) {
    std::atomic<bool> stop = false;
    StopAtReport reporter(stop, 1 + stopped % 2);
    options.resume = stopped > 0;
    try {
      train(study, options, Context{1, pool, reporter, &stop});
      FAIL() << "the run was to be stopped";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
      EXPECT_THAT(error.what(), ::testing::HasSubstr("--resume"));
    }
    ASSERT_TRUE(std::filesystem::exists(options.checkpoint / "checkpoint.safetensors"));
  }
  options.resume = true;
  Reporter silent;
  const TrainResult resumed = train(study, options, Context{1, pool, silent});
  TrainOptions straight = small_options(GetParam());
  expect_same(train_with(straight), resumed);
}

TEST_P(BothAlignments, ACheckpointInTheMiddleOfAStageContinuesToTheSameBits) {
  TrainOptions options = small_options(GetParam());
  const test::TempFolder folder;
  options.checkpoint = folder / "middle";
  options.checkpoint_every = 7;  // the last one written lies inside the last stage
  options.patience = 100;
  const TrainResult whole = train_with(options);
  options.resume = true;
  expect_same(whole, train_with(options));
}

INSTANTIATE_TEST_SUITE_P(Train, BothAlignments,
                         ::testing::Values(Alignment::kPublished, Alignment::kJoint),
                         [](const auto& param) {
                           return param.param == Alignment::kJoint ? "joint" : "published";
                         });

TrainOptions thorough_options(Alignment alignment) {
  TrainOptions options = small_options(alignment);
  options.atac_steps = options.rna_steps = 400;
  options.alignment_steps = 400;
  options.evaluate_every = 50;
  options.patience = 6;
  options.atac_rate = options.rna_rate = options.joint_rate = options.map_rate = 5e-3;
  return options;
}

TEST(Train, JointAlignmentPredictsUnseenCells) {
  const TrainResult result = train_with(thorough_options(Alignment::kJoint), 2);
  // Validation cells: the planted variance is about 1.6, of which the types leave about 0.4.
  EXPECT_LT(result.stages.back().best_value, 0.7);
}

TEST(Train, PublishedAlignmentClosesTheCycles) {
  const TrainResult result = train_with(thorough_options(Alignment::kPublished), 2);
  double first = NAN;
  for (size_t row = result.curves.rows(); row-- > 0;) {
    if (result.curves.text(row, "loss") == "generators") first = result.curves.number(row, "value");
  }
  EXPECT_LT(last(result, "align", "train", "generators"), 0.8 * first);
}

TEST(Train, AutoencodersLearnThePlantedTypes) {
  TrainOptions options = small_options();
  options.atac_steps = options.rna_steps = 400;
  options.alignment_steps = 0;
  options.evaluate_every = 50;
  options.atac_rate = options.rna_rate = 5e-3;
  const TrainResult result = train_with(options, 2);
  // Knowing nothing costs ¼ ln 2 = 0.173 a term. Knowing the type, an active peak among the terms
  // is open with probability 0.8, an inactive one with 0.17, and the best answers cost 0.126.
  EXPECT_LT(last(result, "atac", "validation", "reconstruction"), 0.15);
  // Expression is 0, about 1 or about 3; its variance among the terms is near 2, and what remains
  // when the type is known is near 0.7.
  EXPECT_LT(last(result, "rna", "validation", "reconstruction"), 1.0);
}

TEST(Train, ReadsNoTestCells) {
  Study changed = planted_study();
  for (int64_t i = 0; i < changed.cells.size(); ++i) {
    if (changed.cells.split[static_cast<size_t>(i)] != Split::kTest) continue;
    const auto begin = changed.expression.pattern.offsets[static_cast<size_t>(i)];
    const auto end = changed.expression.pattern.offsets[static_cast<size_t>(i) + 1];
    for (int64_t k = begin; k < end; ++k) changed.expression.values[static_cast<size_t>(k)] = 50;
  }
  ThreadPool pool(1);
  Reporter silent;
  expect_same(train_with(small_options()),
              train(changed, small_options(), Context{1, pool, silent}));
}

/// A study's cells with chromatin of one half, with RNA of the other: no cell has both.
UnpairedStudy apart(const Study& study) {
  UnpairedStudy halves{study, study};
  std::vector<int32_t> even, odd;
  for (int32_t i = 0; i < static_cast<int32_t>(study.cells.size()); ++i) {
    // Types and parts of the split go round with shorter periods.
    (i / 30 % 2 == 0 ? even : odd).push_back(i);
  }
  const auto keep = [&](Study& half, const std::vector<int32_t>& cells) {
    half.paired = false;
    half.open = select_rows(study.open, cells);
    half.expression = select_rows(study.expression, cells);
    half.cells.barcodes.clear();
    half.cells.type.codes.clear();
    half.cells.split.clear();
    for (const int32_t i : cells) {
      const auto cell = static_cast<size_t>(i);
      half.cells.barcodes.push_back(study.cells.barcodes[cell]);
      half.cells.type.codes.push_back(study.cells.type.codes[cell]);
      half.cells.split.push_back(study.cells.split[cell]);
    }
  };
  keep(halves.atac, even);
  keep(halves.rna, odd);
  return halves;
}

TrainResult train_apart(const UnpairedStudy& study, const TrainOptions& options, int threads = 1) {
  ThreadPool pool(threads);
  Reporter silent;
  return train(training_cells(study, options), options, Context{1, pool, silent});
}

TrainResult train_hidden(const Study& study, const TrainOptions& options) {
  ThreadPool pool(2);
  Reporter silent;
  return train(study, options, Context{1, pool, silent});
}

TEST(UnpairedTraining, OneAndTwoThreadsGiveTheSameBits) {
  const UnpairedStudy study = apart(stated_study().study);
  for (const auto alignment : {Alignment::kJoint, Alignment::kPublished}) {
    TrainOptions options = small_options(alignment);
    options.gamma = 0.5;
    expect_same(train_apart(study, options, 1), train_apart(study, options, 2));
  }
}

TEST(UnpairedTraining, ContinuesToTheSameBits) {
  const UnpairedStudy study = apart(stated_study().study);
  TrainOptions options = small_options();
  const test::TempFolder folder;
  options.checkpoint = folder / "middle";
  options.checkpoint_every = 7;
  options.patience = 100;
  const TrainResult whole = train_apart(study, options);
  options.resume = true;
  expect_same(whole, train_apart(study, options));
}

/// Mean over genes of the correlation of predicted and measured expression over the test cells of a
/// study, within types.
double correlation_within_types(const Study& study, const TrainResult& result) {
  ThreadPool pool(1);
  const FoldedSurrogate surrogate(result.surrogate);
  double sum = 0;
  for (int32_t type = 0; type < 3; ++type) {
    const auto cells = study.cells_of(Split::kTest, type);
    const auto predicted =
        surrogate.predict(pool, select_rows(study.open, cells), surrogate.output_layer());
    const auto measured = to_dense(select_rows(study.expression, cells), 0, study.genes.size());
    const auto genes = static_cast<size_t>(study.genes.size());
    const auto count = static_cast<double>(cells.size());
    for (size_t g = 0; g < genes; ++g) {
      double p = 0, m = 0, pp = 0, mm = 0, pm = 0;
      for (size_t i = 0; i < cells.size(); ++i) {
        const double x = predicted[i * genes + g], y = measured[i * genes + g];
        p += x, m += y, pp += x * x, mm += y * y, pm += x * y;
      }
      sum += (pm - p * m / count) / std::sqrt((pp - p * p / count) * (mm - m * m / count) + 1e-12);
    }
  }
  return sum / (3.0 * static_cast<double>(study.genes.size()));
}

TEST(UnpairedTraining, PredictsWithinTypesNearlyAsWellAsPairs) {
  const Study study = stated_study().study;
  TrainOptions options = thorough_options(Alignment::kJoint);
  const double paired = correlation_within_types(study, train_hidden(study, options));
  options.hide_pairing = true;
  const double hidden = correlation_within_types(study, train_hidden(study, options));
  EXPECT_GT(paired, 0.3);
  EXPECT_GT(hidden, 0.7 * paired);
}

TEST(UnpairedTraining, PredictsCellsWhoseRnaNobodyMeasured) {
  const Study study = stated_study().study;
  EXPECT_GT(correlation_within_types(
                study, train_apart(apart(study), thorough_options(Alignment::kJoint))),
            0.15);
}

TEST(UnpairedTraining, JointAlignmentNeedsAGuide) {
  TrainOptions options = small_options();
  options.guide = Guide::kOff;
  const UnpairedStudy study = apart(stated_study().study);
  try {
    train_apart(study, options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("--alignment published"));
  }
  options.alignment = Alignment::kPublished;
  EXPECT_EQ(train_apart(study, options).stages.back().stage, "align");
}

TEST(UnpairedTraining, HiddenLabelsAreNotRead) {
  UnpairedStudy study = apart(stated_study().study);
  TrainOptions options = small_options(Alignment::kPublished);
  options.hide_labels = HiddenLabels::kBoth;
  const TrainResult first = train_apart(study, options);
  for (auto* half : {&study.atac, &study.rna}) {
    for (auto& code : half->cells.type.codes) code = (code + 1) % 3;
  }
  expect_same(first, train_apart(study, options));
}

// More types than the published discriminators have columns, named by one half alone.
TEST(UnpairedTraining, TypesOfTheRnaAloneHaveDiscriminators) {
  Study planted = planted_study(480, 300, 40, 12);
  planted.genes.chromosome.assign(planted.genes.chromosome.size(), "chr1");
  for (size_t g = 0; g < planted.genes.names.size(); ++g) {
    planted.genes.start[g] = static_cast<int64_t>(3000 * g);
    planted.genes.end[g] = planted.genes.start[g] + 1000;
    planted.genes.strand[g] = Strand::kPlus;
  }
  UnpairedStudy study = apart(planted);
  study.atac.cells.type = {};
  study.labels_in = LabelsIn::kRna;
  TrainOptions options = small_options();
  options.gamma = 0.5;
  const TrainResult result = train_apart(study, options);
  EXPECT_EQ(result.surrogate.cell_types, planted.cells.type.names);
  EXPECT_EQ(result.surrogate.shape.discriminator_columns, 12);
}

TEST(UnpairedTraining, PartnersAreToldFromOtherCells) {
  Latents latents;
  latents.atac = at::eye(4) * 30;
  latents.rna = latents.atac + 0.01;
  latents.rna_of_atac = latents.rna;
  latents.atac_of_rna = latents.atac;
  EXPECT_NEAR(partner_loss(latents).item<double>(), 0, 1e-3);
  latents.rna_of_atac = latents.atac_of_rna = at::zeros({4, 4});
  latents.rna = latents.atac = at::zeros({4, 4});
  EXPECT_NEAR(partner_loss(latents).item<double>(), 4 * std::log(4.0), 1e-5);
}

TEST(Train, SeedsDiffer) {
  TrainOptions options = small_options();
  options.atac_steps = 2;
  options.rna_steps = options.alignment_steps = 0;
  EXPECT_NE(train_with(options, 1, 1).surrogate.tensors.at("atac_model.embedding.weight").bytes,
            train_with(options, 1, 2).surrogate.tensors.at("atac_model.embedding.weight").bytes);
}

TEST(Train, RefusesACheckpointOfOtherOptionsAndSaysWhich) {
  TrainOptions options = small_options();
  const test::TempFolder folder;
  options.checkpoint = folder / "other";
  options.checkpoint_every = 7;
  train_with(options);
  options.resume = true;
  options.rna_rate *= 2;
  try {
    train_with(options, 1, 7);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(),
                ::testing::AllOf(::testing::HasSubstr("rna_rate was 0.0005, is now 0.001"),
                                 ::testing::HasSubstr("seed was 1, is now 7")));
  }
}

/// What resuming says when the header of the checkpoint was changed by `change`.
std::string resuming_after(
    const std::function<void(nlohmann::json& identity, nlohmann::json& state)>& change) {
  TrainOptions options = small_options();
  const test::TempFolder folder;
  options.checkpoint = folder / "kept";
  options.checkpoint_every = 7;
  train_with(options);
  const auto path = options.checkpoint / "checkpoint.safetensors";
  SafeTensors file = read_safetensors(path);
  auto identity = nlohmann::json::parse(file.metadata.at("identity"));
  auto state = nlohmann::json::parse(file.metadata.at("state"));
  change(identity, state);
  file.metadata["identity"] = identity.dump();
  file.metadata["state"] = state.dump();
  write_safetensors(path, file);
  options.resume = true;
  try {
    train_with(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "no error";
}

TEST(Train, ACheckpointOfAnotherVersionIsRefusedWithWhatToDo) {
  using ::testing::AllOf;
  using ::testing::HasSubstr;
  EXPECT_EQ(resuming_after([](auto&, auto&) {}), "no error");
  EXPECT_THAT(resuming_after([](auto& identity, auto&) {
                identity["version"] = "0.0.9";
                identity.erase("gamma");
              }),
              AllOf(HasSubstr("checkpoint.safetensors"),
                    HasSubstr("version was \"0.0.9\", is now \"" GRIDS_VERSION "\""),
                    HasSubstr("gamma is not recorded"), HasSubstr("start without --resume")));
  EXPECT_THAT(resuming_after([](auto&, auto& state) { state.erase("best_step"); }),
              AllOf(HasSubstr("checkpoint.safetensors"), HasSubstr("best_step"),
                    HasSubstr("start without --resume")));
}

TEST(Train, SaysWhereTheLossWasLost) {
  Study study = planted_study();
  const auto cell = static_cast<size_t>(study.cells_of(Split::kTrain).front());
  study.expression.values[static_cast<size_t>(study.expression.pattern.offsets[cell])] = INFINITY;
  ThreadPool pool(1);
  Reporter silent;
  try {
    train(study, small_options(), Context{1, pool, silent});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), ::testing::AllOf(::testing::HasSubstr("stage rna, step"),
                                               ::testing::HasSubstr("--rna-rate")));
  }
}

TEST(Train, TellsAllThatIsWrongWithTheOptions) {
  TrainOptions options;
  options.batch = 1;
  options.atac_rate = -1;
  options.dropout = 1;
  options.resume = true;
  try {
    validate(options, "training");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(),
                ::testing::AllOf(::testing::HasSubstr("batch"), ::testing::HasSubstr("atac-rate"),
                                 ::testing::HasSubstr("dropout"), ::testing::HasSubstr("resume")));
  }
}

}  // namespace
}  // namespace grids::core
