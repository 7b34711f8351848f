#include "io/fasta.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kGenome = ">chr1 first\nACGTa\ncgtNR\nGG\n>2\nTTTTT\nCC\n";
// As samtools faidx writes it: name, length, offset, bases and bytes of a line.
constexpr const char* kGenomeIndex = "chr1\t12\t12\t5\t6\n2\t7\t30\t5\t6\n";

const std::vector<Interval> kPlaces = {{"chr1", 3, 8}, {"2", 4, 9},     {"1", 0, 12},
                                       {"chr2", 0, 1}, {"chr1", -2, 2}, {"chr1", 3, 3}};

void expect_sequences(const std::vector<std::string>& sequences) {
  EXPECT_THAT(sequences, ElementsAre("TACGT", "TCCNN", "ACGTACGTNNGG", "T", "NNAC", ""));
}

TEST(Fasta, IsReadFromEndToEnd) {
  const test::TempFolder folder;
  std::ofstream(folder / "genome.fa") << kGenome;
  expect_sequences(read_sequences(folder / "genome.fa", kPlaces));
}

TEST(Fasta, IsReadByItsIndex) {
  const test::TempFolder folder;
  std::ofstream(folder / "genome.fa") << kGenome;
  std::ofstream(folder / "genome.fa.fai") << kGenomeIndex;
  expect_sequences(read_sequences(folder / "genome.fa", kPlaces));
}

void expect_bad_fasta(const std::string& genome, const std::string& index,
                      const std::vector<Interval>& places, const std::string& message) {
  const test::TempFolder folder;
  std::ofstream(folder / "genome.fa") << genome;
  if (!index.empty()) std::ofstream(folder / "genome.fa.fai") << index;
  try {
    read_sequences(folder / "genome.fa", places);
    FAIL() << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(Fasta, SaysWhatIsWrong) {
  expect_bad_fasta(kGenome, "", {{"chr7", 0, 1}}, "there is no sequence 7 or chr7");
  expect_bad_fasta(kGenome, kGenomeIndex, {{"chr7", 0, 1}}, "there is no sequence 7 or chr7");
  expect_bad_fasta("ACGT\n", "", {{"chr1", 0, 1}}, "no FASTA");
  expect_bad_fasta(kGenome, "chr1\t12\n", {{"chr1", 0, 1}}, "no line of an index");
  expect_bad_fasta(kGenome, "chr1\t900\t12\t5\t6\n", {{"chr1", 800, 801}}, "of another file");
}

}  // namespace
}  // namespace grids::core
