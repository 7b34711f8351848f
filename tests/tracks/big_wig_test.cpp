#include "tracks/big_wig.hpp"

#include <bigWig.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <memory>

#include "tracks/text.hpp"

namespace grids::core {
namespace {

using test::put_text;
using test::refusal;
using test::TempFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

using OpenBigWig = std::unique_ptr<bigWigFile_t, void (*)(bigWigFile_t*)>;

OpenBigWig opened(const std::filesystem::path& path) {
  return {::bwOpen(path.c_str(), nullptr, "r"), &::bwClose};
}

struct Read {
  std::vector<uint32_t> starts, ends;
  std::vector<float> values;
};

Read all_of(bigWigFile_t& file, const char* chromosome) {
  const std::unique_ptr<bwOverlappingIntervals_t, void (*)(bwOverlappingIntervals_t*)> found(
      ::bwGetOverlappingIntervals(&file, chromosome, 0, 4'294'967'295U),
      &::bwDestroyOverlappingIntervals);
  if (found == nullptr) return {};
  const auto n = found->l;
  return {{found->start, found->start + n},
          {found->end, found->end + n},
          {found->value, found->value + n}};
}

TEST(BigWig, ReadsBackWhatBedGraphSaid) {
  const TempFolder folder;
  const auto sizes = sizes_by_name(put_text(
      folder, "sizes", "# hg\nchr10\t5000\nchr2\t4294967295\t7\nchr1\t248956422\nchrM\t9\n"));
  const auto signal =
      read_bed_graph(put_text(folder, "in.bedgraph",
                              "track type=bedGraph\nchr1\t0\t10\t0.5\nchr1\t10\t11\t-2\r\n"
                              "chr2 4294967290 4294967295 1e-3\nchr10\t1\t2\t3\n"
                              "chr1\t248956421\t248956422\t7\n"),
                     sizes);
  const auto path = folder / "out.bw";
  write_big_wig(path, sizes, signal);
  const OpenBigWig file = opened(path);
  ASSERT_NE(file, nullptr);
  std::vector<std::string> names(file->cl->chrom, file->cl->chrom + file->cl->nKeys);
  EXPECT_THAT(names, ElementsAre("chr1", "chr10", "chr2", "chrM"));
  const Read first = all_of(*file, "chr1");
  EXPECT_THAT(first.starts, ElementsAre(0, 10, 248956421));
  EXPECT_THAT(first.ends, ElementsAre(10, 11, 248956422));
  EXPECT_THAT(first.values, ElementsAre(0.5F, -2, 7));
  EXPECT_THAT(all_of(*file, "chr2").starts, ElementsAre(4294967290U));
  EXPECT_THAT(all_of(*file, "chr10").values, ElementsAre(3));
  EXPECT_THAT(all_of(*file, "chrM").values, ElementsAre());
}

// Browsers that look at a whole chromosome read the summaries alone.
TEST(BigWig, ZoomLevelsSumUpToTheWhole) {
  const TempFolder folder;
  constexpr uint32_t kSpans = 20000, kEvery = 1000, kWidth = 500;
  const ChromosomeSizes sizes = {{"chr1", kSpans * kEvery}};
  GenomeSignal signal;
  double sum = 0;
  for (uint32_t i = 0; i < kSpans; ++i) {
    Signal& each = signal["chr1"];
    each.starts.push_back(i * kEvery);
    each.ends.push_back(i * kEvery + kWidth);
    each.values.push_back(static_cast<float>(i % 7));
    sum += kWidth * static_cast<double>(i % 7);
  }
  write_big_wig(folder / "out.bw", sizes, signal);
  const OpenBigWig file = opened(folder / "out.bw");
  ASSERT_NE(file, nullptr);
  EXPECT_GT(file->hdr->nLevels, 1);
  const std::unique_ptr<double, void (*)(void*)> mean_value(
      ::bwStats(file.get(), "chr1", 0, kSpans * kEvery, 1, bwStatsType::mean), &std::free);
  ASSERT_NE(mean_value, nullptr);
  const double mean = sum / (kSpans * static_cast<double>(kWidth));
  EXPECT_NE(*mean_value, 0);
  // libBigWig 0.4.7 writes a sum of 0 in the last of a level's summaries, here one of 625.
  EXPECT_NEAR(*mean_value, mean, mean / 300);
}

TEST(BigWig, RefusesWhatItCannotHold) {
  const TempFolder folder;
  const ChromosomeSizes sizes = {{"chr1", 100}};
  const auto said = [&](std::string_view text) {
    const auto path = put_text(folder, "in", text);
    return refusal([&] { read_bed_graph(path, sizes); });
  };
  EXPECT_THAT(said("chr1\t0\t5\t1\nchr1\t4\t6\t1\n"),
              AllOf(HasSubstr("line 2"), HasSubstr("one value a base"), HasSubstr("merge")));
  EXPECT_THAT(said("chr1\t7\t8\t1\nchr1\t4\t6\t1\n"),
              AllOf(HasSubstr("line 2"), HasSubstr("sort")));
  EXPECT_THAT(said("chr1\t0\t101\t1\n"), AllOf(HasSubstr("101"), HasSubstr("--chrom-sizes")));
  EXPECT_THAT(said("1\t0\t5\t1\n"), AllOf(HasSubstr("chromosome 1 "), HasSubstr("spelling")));
  EXPECT_THAT(said("chr1\t5\t5\t1\n"), HasSubstr("no base"));
  EXPECT_THAT(said("chr1\t6\t5\t1\n"), HasSubstr("before its start"));
  EXPECT_THAT(said("chr1\t-1\t5\t1\n"), HasSubstr("'-1'"));
  for (const char* value : {"nan", "inf", "1e39", "x", "1,5"}) {
    EXPECT_THAT(said(std::string("chr1\t0\t5\t") + value + "\n"), HasSubstr("no finite number"));
  }
  EXPECT_THAT(said("chr1\t0\t5\n"), HasSubstr("3 fields"));
  EXPECT_THAT(said("# nothing\n"), HasSubstr("no values"));
}

TEST(BigWig, RefusesSizesThatAreNone) {
  const TempFolder folder;
  const auto said = [&](std::string_view text) {
    const auto path = put_text(folder, "sizes", text);
    return refusal([&] { sizes_by_name(path); });
  };
  EXPECT_THAT(said("chr1\t4294967296\n"), AllOf(HasSubstr("sizes"), HasSubstr("4294967296 bases")));
  EXPECT_THAT(said("chr1\t5\nchr1\t6\n"), AllOf(HasSubstr("two lengths"), HasSubstr("keep one")));
  EXPECT_EQ(said("chr1\t5\nchr1\t5\n"), "");
  EXPECT_THAT(said("chr1\n"), HasSubstr("line 1"));
}

// The library that writes says nothing of a disk that is full as it closes the file.
TEST(BigWig, AFileThatIsCutOffIsToldAndLeavesTheEarlierOne) {
  const TempFolder folder;
  const ChromosomeSizes sizes = {{"chr1", 1000000}};
  GenomeSignal signal;
  for (uint32_t i = 0; i < 5000; ++i) {
    signal["chr1"].starts.push_back(2 * i);
    signal["chr1"].ends.push_back(2 * i + 1);
    signal["chr1"].values.push_back(static_cast<float>(i * 2654435761U));
  }
  const auto path = folder / "out.bw";
  write_big_wig(path, sizes, signal);
  const auto whole = std::filesystem::file_size(path);
  const auto before = read_file(path);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit = {};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  const rlim_t all = limit.rlim_cur;
  for (const auto cut : {whole - 1, whole * 3 / 4, whole / 2, uintmax_t{100}}) {
    limit.rlim_cur = cut;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto said = refusal([&] { write_big_wig(path, sizes, signal); });
    limit.rlim_cur = all;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    EXPECT_THAT(said, AllOf(HasSubstr("cannot write"), HasSubstr("out.bw"))) << cut;
    EXPECT_EQ(read_file(path), before);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace grids::core
