#include "validate/motif.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <fstream>

#include "base/error.hpp"
#include "base/random.hpp"
#include "support/fixture.hpp"
#include "support/temp_folder.hpp"
#include "validate/motif_scan.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Motif> motifs_of(const std::string& text) {
  const test::TempFolder folder;
  std::ofstream(folder / "motifs.txt") << text;
  return read_motifs(folder / "motifs.txt");
}

TEST(Motif, IsReadFromJaspar) {
  const auto motifs = motifs_of(
      ">MA0001.1\tSP1\nA  [ 1 2 3 ]\nC  [ 4 5 6 ]\nG  [ 7 8 9 ]\nT  [10 11 12 ]\n"
      ">MA0099.2 FOS::JUN(var.2)\n0.5 0\n0.5 0\n0 1\n0 0\n");
  ASSERT_EQ(motifs.size(), 2U);
  EXPECT_EQ(motifs[0].id, "MA0001.1");
  EXPECT_EQ(motifs[0].name, "SP1");
  EXPECT_THAT(motifs[0].counts[1], ElementsAre(2, 5, 8, 11));
  EXPECT_THAT(motifs[1].counts[0], ElementsAre(10, 10, 0, 0));  // shares of 20 sites
  EXPECT_THAT(motif_factors(motifs[1]), ElementsAre("fos", "jun"));
}

TEST(Motif, IsReadFromMeme) {
  const auto motifs = motifs_of(
      "MEME version 5\n\nALPHABET= ACGT\n\nstrands: + -\n\nMOTIF MA0002.2 Runx1\n"
      "letter-probability matrix: alength= 4 w= 2 nsites= 40 E= 0\n 0.25 0.25 0.5 0\n 1 0 0 0\n"
      "URL http://jaspar\nMOTIF other\nletter-probability matrix: alength= 4\n0 0 0 1\n");
  ASSERT_EQ(motifs.size(), 2U);
  EXPECT_EQ(motifs[0].name, "Runx1");
  EXPECT_THAT(motifs[0].counts[0], ElementsAre(10, 10, 20, 0));
  EXPECT_EQ(motifs[0].counts.size(), 2U);
  EXPECT_EQ(motifs[1].name, "other");
}

void expect_no_motifs(const std::string& text, const std::string& message) {
  try {
    motifs_of(text);
    FAIL() << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(Motif, FilesThatHoldNoneSayWhy) {
  expect_no_motifs("", "no motifs");
  expect_no_motifs("hello\n", "line 1: no motifs: a file of JASPAR begins");
  expect_no_motifs(">a b\n1 2\n1 2\n1\n1 2\n", "line 4: 1 numbers, where the row of A has 2");
  expect_no_motifs(">a b\n1 2\n1 2\n", "the motif a has 2 rows of 4");
  expect_no_motifs(">a b\n1 2\n1 -2\n", "'-2' is no count");
  expect_no_motifs(">a b\nA [1]\nG [1]\n", "those of A, C, G and T");
  expect_no_motifs("MEME version 4\nMOTIF a\n", "the motif a has 0 positions");
}

Motif random_motif(size_t width, RandomStream& random) {
  Motif motif{"m", "m", {}};
  for (size_t i = 0; i < width; ++i) {
    std::array<double, 4> counts{};
    for (double& count : counts) count = random.below(30);
    counts[random.below(4)] += 10;
    motif.counts.push_back(counts);
  }
  return motif;
}

constexpr std::array<double, 4> kBases = {0.3, 0.2, 0.2, 0.3};

// Every sequence of six letters, one by one.
TEST(ScoredMotif, ItsDistributionIsExact) {
  RandomStream random(3, Purpose::kSimulate);
  const ScoredMotif scored(random_motif(6, random), kBases, 0.01);
  double rare = 0, just_below = 0;
  for (int word = 0; word < 4096; ++word) {
    int32_t score = 0;
    double chance = 1;
    for (size_t i = 0; i < 6; ++i) {
      const auto letter = static_cast<size_t>(word >> (2 * i) & 3);
      score += scored.scores()[i][letter];
      chance *= kBases[letter];
    }
    if (score >= scored.threshold()) rare += chance;
    if (score >= scored.threshold() - 1) just_below += chance;
  }
  ASSERT_TRUE(scored.can_hit());
  EXPECT_NEAR(scored.p_of(scored.threshold()), rare, 1e-12);
  EXPECT_LE(rare, 0.01);
  EXPECT_GT(just_below, 0.01);
}

TEST(ScoredMotif, OfFewPositionsCannotHit) {
  RandomStream random(4, Purpose::kSimulate);
  EXPECT_FALSE(ScoredMotif(random_motif(3, random), kBases, 1e-4).can_hit());
}

std::string random_sequence(size_t length, RandomStream& random) {
  std::string sequence;
  for (size_t i = 0; i < length; ++i) {
    sequence += random.below(60) == 0 ? 'N' : "ACGT"[random.below(4)];
  }
  return sequence;
}

std::string reverse_complement(const std::string& sequence) {
  std::string other;
  for (size_t i = sequence.size(); i-- > 0;) {
    const size_t letter = std::string("ACGTN").find(sequence[i]);
    other += "TGCAN"[letter];
  }
  return other;
}

/// Letter by letter, one strand.
bool plain_hit(const std::string& sequence, const ScoredMotif& motif) {
  for (size_t start = 0; start + motif.width() <= sequence.size(); ++start) {
    int32_t score = 0;
    bool known = true;
    for (size_t i = 0; i < motif.width(); ++i) {
      const size_t letter = std::string("ACGT").find(sequence[start + i]);
      known = known && letter != std::string::npos;
      if (known) score += motif.scores()[i][letter];
    }
    if (known && score >= motif.threshold()) return true;
  }
  return false;
}

// Widths that fill words of four letters, and those that do not; sequences shorter than the motif.
RC_GTEST_PROP(MotifHits, AreThoseOfThePlainScan, (uint64_t seed)) {
  RandomStream random(seed, Purpose::kSimulate);
  std::vector<ScoredMotif> motifs;
  std::vector<std::string> sequences;
  for (int i = 0; i < 6; ++i)
    motifs.emplace_back(random_motif(4 + random.below(9), random), kBases, 0.005);
  for (int i = 0; i < 8; ++i) sequences.push_back(random_sequence(random.below(120), random));
  const test::Fixture fixture;
  const auto hits = motif_hits(sequences, motifs, fixture.context);
  for (size_t s = 0; s < sequences.size(); ++s) {
    for (size_t m = 0; m < motifs.size(); ++m) {
      const bool plain =
          motifs[m].can_hit() && (plain_hit(sequences[s], motifs[m]) ||
                                  plain_hit(reverse_complement(sequences[s]), motifs[m]));
      RC_ASSERT((hits[s * motifs.size() + m] != 0) == plain);
    }
  }
}

TEST(BaseShares, AreThoseOfBothStrands) {
  const auto shares = base_shares(std::vector<std::string>{"AAAN", std::string(95, 'C')});
  EXPECT_NEAR(shares[0], 4.0 / 100 / 2, 1e-12);  // one added to each
  EXPECT_DOUBLE_EQ(shares[0], shares[3]);
  EXPECT_DOUBLE_EQ(shares[1] + shares[0], 0.5);
  EXPECT_THROW(base_shares(std::vector<std::string>{"NNN"}), Error);
}

}  // namespace
}  // namespace grids::core
