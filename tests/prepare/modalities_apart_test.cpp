#include "prepare/modalities_apart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;

RawMultiome with_features(std::vector<std::string> genes, std::vector<std::string> peaks) {
  RawMultiome raw;
  raw.rna.source = "rna.h5ad: X";
  raw.atac.source = "atac.h5ad: X";
  raw.rna.var.index = std::move(genes);
  raw.atac.var.index = std::move(peaks);
  return raw;
}

/// What it is refused with; empty where it goes on.
std::string refusal(const RawMultiome& raw, bool force = false) {
  PrepareSummary summary;
  Reporter reporter;
  Diary diary(summary, reporter);
  try {
    require_apart(raw, force, diary);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  EXPECT_EQ(summary.warnings.empty(), !force);
  return "";
}

TEST(ModalitiesApart, GenesAndPeaksAreFine) {
  EXPECT_EQ(refusal(with_features({"CD4", "chr1:1-2", "CD8A"}, {"chr1:1-2", "chr1:5-9", "p3"})),
            "");
}

TEST(ModalitiesApart, FilesTheWrongWayRoundAreRefused) {
  EXPECT_THAT(refusal(with_features({"chr1:1-2", "chr1:5-9"}, {"CD4", "CD8A"})),
              HasSubstr("rna.h5ad: X: features of the RNA are named like peaks ('chr1:1-2'); are "
                        "RNA and ATAC the wrong way round?"));
}

TEST(ModalitiesApart, OneFileGivenForBothIsRefusedWhateverItHolds) {
  const auto both = with_features({"CD4", "CD8A", "LYZ"}, {"CD8A", "CD4", "chr1:1-2"});
  EXPECT_THAT(refusal(both), HasSubstr("features of the ATAC are those of the RNA"));
  EXPECT_THAT(refusal(both), HasSubstr("--force"));
  EXPECT_EQ(refusal(both, true), "");
}

}  // namespace
}  // namespace grids::core
