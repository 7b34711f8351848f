#include "validate/judge_motifs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.hpp"
#include "base/random.hpp"
#include "support/fixture.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

constexpr int kPeaks = 600;
constexpr int kStep = 1000;  // bp between the starts of peaks

/// Two motifs of ten bases: one of an expressed factor, which is planted, one of another expressed
/// factor, and the planted one again under a name that no cell expresses.
std::vector<Motif> planted_motifs() {
  const auto motif = [](const char* id, const char* name, const std::string& word) {
    Motif result{id, name, {}};
    for (const char c : word) {
      std::array<double, 4> counts{};
      counts[std::string("ACGT").find(c)] = 50;
      result.counts.push_back(counts);
    }
    return result;
  };
  return {motif("M1", "Gata1::TAL1", "CTGATAAGCA"), motif("M2", "OTHER", "GGCGTTACCT"),
          motif("M3", "SILENT", "CTGATAAGCA")};
}

/// 20 sets of two peaks, the first ten redundant and with M1 in both of their members, on the
/// strand that chance has it.
struct PlantedMotifs {
  test::TempFolder folder;
  Pairs pairs;
  Study study;

  PlantedMotifs() {
    RandomStream random(11, Purpose::kSimulate);
    std::string genome;
    for (int i = 0; i < kPeaks * kStep; ++i) genome += "ACGT"[random.below(4)];
    for (int p = 0; p < kPeaks; ++p) {
      pairs.peaks.push_back({fmt::format("p{}", p), "1", p * kStep, p * kStep + 400});
      pairs.openness.push_back(random.uniform());
    }
    pairs.whole = true;
    for (int s = 0; s < 20; ++s) {
      PairGene gene;
      gene.name = fmt::format("G{}", s);
      pairs.genes.push_back(gene);
      PairSet set;
      set.method = "grids";
      set.cell_type = "all";
      set.gene = s;
      set.call = s < 10 ? "redundant" : "cooperative";
      set.members = {{20 * s, 1, false, {}}, {20 * s + 7, 1, false, {}}};
      pairs.sets.push_back(set);
      for (const auto& member : set.members) {
        if (s >= 10) continue;
        const auto place = static_cast<size_t>(member.peak * kStep + 150);
        genome.replace(place, 10, random.below(2) == 0 ? "CTGATAAGCA" : "TGCTTATCAG");
      }
    }
    std::ofstream(folder / "genome.fa") << ">chr1\n" << genome << "\n";
    add_cells();
  }

  /// Three cells that express all factors but one.
  void add_cells() {
    study.genes.names = {"GATA1", "Tal1", "other", "SILENT"};
    study.cells.barcodes = {"a", "b", "c"};
    study.cells.type.names = {"T"};
    study.cells.type.codes = {0, 0, 0};
    study.expression.pattern = {3, 4, {0, 3, 6, 9}, {0, 1, 2, 0, 1, 2, 0, 1, 2}};
    study.expression.values.assign(9, 1);
  }
};

ValidationRow motif_row_of(const std::vector<ValidationRow>& rows, const std::string& what,
                           const std::string& subset) {
  for (const auto& row : rows) {
    if (row.what == what && row.subset == subset) return row;
  }
  ADD_FAILURE() << what << ", " << subset;
  return {};
}

TEST(JudgeMotifs, FindsWhatWasPlanted) {
  const test::Fixture fixture;
  const PlantedMotifs planted;
  const auto judged = judge_motifs(planted.pairs, planted.study, planted.folder / "genome.fa",
                                   planted_motifs(), fixture.context);
  ASSERT_EQ(judged.table.rows(), 2U);  // M3 is of no expressed factor
  EXPECT_EQ(judged.table.text(0, "factor"), "Gata1::TAL1");
  EXPECT_EQ(judged.table.number(0, "members"), 40);
  EXPECT_GE(judged.table.number(0, "members_with"), 20);
  EXPECT_LT(judged.table.number(0, "q"), 1e-6);
  EXPECT_GT(judged.table.number(0, "low"), 3);
  EXPECT_GT(judged.table.number(1, "q"), 0.01);
  const auto enriched = motif_row_of(judged.rows, "motifs_enriched", "q at most 0.05");
  EXPECT_DOUBLE_EQ(enriched.value, 0.5);
  EXPECT_EQ(enriched.n, 2);
  const auto redundant = motif_row_of(judged.rows, "motif_shared", "redundant");
  EXPECT_DOUBLE_EQ(redundant.value, 1);
  EXPECT_LT(redundant.chance, 0.3);
  EXPECT_EQ(redundant.n, 10);
  EXPECT_LT(motif_row_of(judged.rows, "motif_shared", "cooperative").value, 0.3);
}

TEST(JudgeMotifs, DoNotDependOnThreads) {
  const test::Fixture one(1), three(3);
  const PlantedMotifs planted;
  const auto fasta = planted.folder / "genome.fa";
  const auto a = judge_motifs(planted.pairs, planted.study, fasta, planted_motifs(), one.context);
  const auto b = judge_motifs(planted.pairs, planted.study, fasta, planted_motifs(), three.context);
  EXPECT_EQ(a.table.row(0), b.table.row(0));
  EXPECT_EQ(validation_columns().table(a.rows).row(1), validation_columns().table(b.rows).row(1));
}

TEST(JudgeMotifs, NeedsFactorsThatAreExpressed) {
  const test::Fixture fixture;
  PlantedMotifs planted;
  planted.study.genes.names = {"a", "b", "c", "d"};
  EXPECT_THROW(judge_motifs(planted.pairs, planted.study, planted.folder / "genome.fa",
                            planted_motifs(), fixture.context),
               Error);
}

}  // namespace
}  // namespace grids::core
