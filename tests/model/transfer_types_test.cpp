#include "model/transfer_types.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/indices.hpp"
#include "support/fixture.hpp"
#include "support/fixtures.hpp"
#include "support/unpaired.hpp"

namespace grids::core {
namespace {

using test::Fixture;

/// Real cells, halved: chromatin of every other one, RNA of the others.
struct Transferring {
  explicit Transferring(LabelsIn labels = LabelsIn::kBoth)
      : study(test::halves_of(read_study(test::fixture("version_1/run") / "study.h5mu"), labels)),
        folded(read_surrogate(test::fixture("version_1/run") / "surrogate.safetensors")) {}

  TransferredTypes to(StudyHalf half) { return transfer_types(study, folded, half, {}, context); }

  Fixture fixture;
  const Context& context = fixture.context;
  UnpairedStudy study;
  FoldedSurrogate folded;
};

/// By the definition: all distances, in double, in the space of the RNA.
std::vector<int32_t> plain_transfer(Transferring& of, StudyHalf to) {
  auto& pool = of.fixture.pool;
  auto chromatin = of.folded.atac_to_rna(pool, of.folded.atac_latents(pool, of.study.atac.open));
  auto rna = of.folded.rna_latents(pool, of.study.rna.expression);
  if (to == StudyHalf::kRna) std::swap(chromatin, rna);
  const Study& known = to == StudyHalf::kRna ? of.study.atac : of.study.rna;
  const auto width = static_cast<size_t>(of.folded.shape().latent);
  std::vector<int32_t> types;
  for (size_t i = 0; i < chromatin.size() / width; ++i) {
    std::vector<std::pair<double, int32_t>> near;
    for (const int32_t j : known.cells_of(Split::kTrain)) {
      double square = 0;
      for (size_t d = 0; d < width; ++d) {
        const double gap =
            static_cast<double>(chromatin[i * width + d]) - rna[static_cast<size_t>(j) * width + d];
        square += gap * gap;
      }
      near.emplace_back(square, known.cells.type.codes[static_cast<size_t>(j)]);
    }
    std::stable_sort(near.begin(), near.end(), [](auto& a, auto& b) { return a.first < b.first; });
    near.resize(15);
    std::map<int32_t, int> votes;
    for (const auto& [square, type] : near) ++votes[type];
    int most = 0;
    for (const auto& [type, count] : votes) most = std::max(most, count);
    const auto winner = std::find_if(near.begin(), near.end(),
                                     [&](const auto& one) { return votes[one.second] == most; });
    types.push_back(winner->second);
  }
  return types;
}

TEST(TransferTypes, IsTheVoteOfTheNearestTrainingCellsInTheSpaceOfTheRna) {
  Transferring of;
  for (const auto half : {StudyHalf::kAtac, StudyHalf::kRna}) {
    const auto found = of.to(half);
    EXPECT_EQ(found.to, half);
    EXPECT_EQ(found.types.names, of.study.rna.cells.type.names);
    EXPECT_EQ(found.types.codes, plain_transfer(of, half)) << half_name(half);
    for (const double share : found.agreement) {
      EXPECT_GT(share, 0);
      EXPECT_LE(share, 1);
    }
  }
}

TEST(TransferTypes, LabelsOfTheCellsThemselvesChangeNothing) {
  Transferring with, without(LabelsIn::kRna);
  EXPECT_EQ(with.to(StudyHalf::kAtac).types.codes, without.to(StudyHalf::kAtac).types.codes);
}

TEST(TransferTypes, FillsInWhereAHalfHasNone) {
  for (const auto labels : {LabelsIn::kRna, LabelsIn::kAtac, LabelsIn::kNone, LabelsIn::kBoth}) {
    Transferring of(labels);
    const auto filled = fill_in_types(of.study, of.folded, {}, of.context);
    EXPECT_EQ(filled.has_value(), labels != LabelsIn::kBoth);
    EXPECT_EQ(of.study.labels_in, labels);
    EXPECT_EQ(of.study.atac.cells.type.names, of.study.rna.cells.type.names);
    if (!filled) continue;
    EXPECT_EQ(filled->to, labels == LabelsIn::kRna ? StudyHalf::kAtac : StudyHalf::kRna);
    EXPECT_EQ(modality_half(of.study, filled->to).cells.type.codes, filled->types.codes);
    EXPECT_FALSE(fill_in_types(of.study, of.folded, {}, of.context).has_value());
  }
}

TEST(TransferTypes, TheTableHasTheCellsAsInTheFileAndTheirOwnLabelsWhereTheyHaveAny) {
  Transferring both, rna(LabelsIn::kRna);
  const std::vector<TransferredTypes> twice = {both.to(StudyHalf::kAtac), both.to(StudyHalf::kRna)};
  const auto table = transferred_types_table(both.study, twice);
  const auto in_file = both.study.atac.as_in_file(indices_below(both.study.atac.cells.size()));
  ASSERT_EQ(table.rows(),
            static_cast<size_t>(both.study.atac.cells.size() + both.study.rna.cells.size()));
  const auto first = static_cast<size_t>(in_file[0]);
  const auto& type = both.study.atac.cells.type;
  EXPECT_EQ(table.text(0, "barcode"), both.study.atac.cells.barcodes[first]);
  EXPECT_EQ(table.text(0, "modality"), "atac");
  EXPECT_EQ(table.text(0, "cell_type"), type.names[static_cast<size_t>(type.codes[first])]);
  EXPECT_EQ(table.text(in_file.size(), "modality"), "rna");
  // Filled in: no label of the cell itself.
  const auto filled = fill_in_types(rna.study, rna.folded, {}, rna.context);
  const std::vector<TransferredTypes> once = {*filled};
  const auto unlabelled = transferred_types_table(rna.study, once);
  EXPECT_EQ(unlabelled.text(0, "cell_type"), "NA");
  EXPECT_EQ(unlabelled.text(0, "transferred_type"), table.text(0, "transferred_type"));
}

TEST(TransferTypes, SaysWhatIsMissing) {
  Transferring of(LabelsIn::kRna);
  const auto message_of = [&](StudyHalf half) -> std::string {
    try {
      of.to(half);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message_of(StudyHalf::kRna).find("the cells with chromatin have none"),
            std::string::npos);
  for (auto& split : of.study.rna.cells.split) split = Split::kTest;
  EXPECT_NE(message_of(StudyHalf::kAtac).find("no training cells with RNA"), std::string::npos);
}

}  // namespace
}  // namespace grids::core
