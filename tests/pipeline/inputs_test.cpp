#include "pipeline/inputs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/recording_reporter.hpp"
#include "pipeline/explain_into.hpp"
#include "study/chromatin.hpp"
#include "support/fixtures.hpp"
#include "support/temp_folder.hpp"
#include "support/unpaired.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct KeptRun {
  std::filesystem::path study = test::fixture("version_1/run") / "study.h5mu";
  std::filesystem::path surrogate = test::fixture("version_1/run") / "surrogate.safetensors";
  std::filesystem::path with_cis = test::fixture("version_1/run") / "surrogate-cis.safetensors";
  test::TempFolder folder;
  ThreadPool pool{2};
  Reporter plain;
  RecordingReporter reporter{plain};
  Context context{1, pool, reporter};

  std::filesystem::path unpaired(LabelsIn labels = LabelsIn::kBoth) const {
    const auto path = folder.path() / "unpaired.h5mu";
    write_unpaired_study(path, test::halves_of(read_study(study), labels));
    return path;
  }
};

template <typename Body>
std::string why_not(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

TEST(Inputs, CellsWithChromatinOfAPairedStudyAreTheStudy) {
  KeptRun of;
  const auto loaded = load_chromatin_and_surrogate({of.study, of.with_cis}, of.context);
  EXPECT_TRUE(loaded.study.paired);
  EXPECT_TRUE(loaded.cis.has_value());
  EXPECT_TRUE(of.reporter.warnings().empty());
  EXPECT_EQ(read_chromatin(of.study, of.context).cells.barcodes, loaded.study.cells.barcodes);
}

TEST(Inputs, OfUnpairedCellsTheyAreTheHalfWithChromatinWithoutACisPath) {
  KeptRun of;
  const auto path = of.unpaired();
  const auto loaded = load_chromatin_and_surrogate({path, of.with_cis}, of.context);
  EXPECT_FALSE(loaded.study.paired);
  EXPECT_TRUE(loaded.study.expression_of_types.has_value());
  EXPECT_FALSE(loaded.cis.has_value());
  EXPECT_THAT(of.reporter.warnings(), ElementsAre(HasSubstr("the cis path of")));
  const auto plain = load_chromatin_and_surrogate({path, of.surrogate}, of.context);
  EXPECT_EQ(of.reporter.warnings().size(), 1u);
  EXPECT_EQ(plain.study.cells.barcodes, read_chromatin(path, of.context).cells.barcodes);
}

TEST(Inputs, TypesThatOnlyCellsWithRnaHaveAreTransferred) {
  KeptRun of;
  const auto path = of.unpaired(LabelsIn::kRna);
  EXPECT_TRUE(read_chromatin(path, of.context).cells.type.empty());
  const auto loaded = load_chromatin_and_surrogate({path, of.surrogate}, of.context);
  EXPECT_THAT(of.reporter.warnings(), ElementsAre(HasSubstr("have no labels of their own")));
  EXPECT_EQ(loaded.study.cells.type.names, read_study(of.study).cells.type.names);
  EXPECT_EQ(std::ssize(loaded.study.cells.type.codes), loaded.study.cells.size());
}

TEST(Inputs, WhatNeedsPairsSaysWhatToDoInstead) {
  KeptRun of;
  EXPECT_EQ(why_not([&] { require_pairs(of.study, "grids cis", "do this"); }), "");
  const auto path = of.unpaired();
  const auto told = why_not([&] { require_pairs(path, "grids cis", "do this"); });
  EXPECT_THAT(told, HasSubstr(path.string()));
  EXPECT_THAT(told, HasSubstr(std::string("grids cis ") + kNeedsPairs));
  EXPECT_THAT(told, HasSubstr("measured in different cells; do this"));
}

TEST(ExplainArguments, WithoutPairsRedundancyIsNotAsked) {
  KeptRun of;
  const auto path = of.unpaired();
  ExplainArguments arguments;
  EXPECT_TRUE(arguments.ask_redundancy);
  EXPECT_FALSE(arguments.without_pairs(path).ask_redundancy);
  arguments.redundancy.contrast_groups = "donor";
  EXPECT_THAT(why_not([&] { arguments.without_pairs(path); }), HasSubstr("--contrast-groups"));
  arguments.redundancy.contrast_groups.clear();
  arguments.options.method = "links";
  EXPECT_THAT(why_not([&] { arguments.without_pairs(path); }), HasSubstr("'links'"));
}

}  // namespace
}  // namespace grids::core
