#include "tracks/pack.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <htslib/hts.h>
#include <htslib/kstring.h>
#include <htslib/tbx.h>

#include <cstdlib>
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

/// What tabix finds in a region.
std::vector<std::string> lines_in(const std::filesystem::path& packed, const char* region) {
  const std::unique_ptr<htsFile, int (*)(htsFile*)> file(::hts_open(packed.c_str(), "r"),
                                                         &::hts_close);
  const std::unique_ptr<tbx_t, void (*)(tbx_t*)> index(::tbx_index_load(packed.c_str()),
                                                       &::tbx_destroy);
  if (file == nullptr || index == nullptr) return {"cannot be opened"};
  const std::unique_ptr<hts_itr_t, void (*)(hts_itr_t*)> found(tbx_itr_querys(index.get(), region),
                                                               &::hts_itr_destroy);
  std::vector<std::string> lines;
  kstring_t line = {0, 0, nullptr};
  while (found != nullptr && tbx_itr_next(file.get(), index.get(), found.get(), &line) >= 0) {
    lines.emplace_back(line.s, line.l);
  }
  std::free(line.s);
  return lines;
}

TEST(Pack, TabixFindsTheLinesOfARegion) {
  const TempFolder folder;
  const auto text =
      put_text(folder, "in",
               "#peaks\nchr2\t0\t10\ta b\nchr2\t5\t300000\tB\r\nchr2\t200000\t200001\n"
               "chr1\t7\t7\tpoint\n");
  const auto packed = folder / "out.gz";
  EXPECT_EQ(pack_track(text, packed, TrackKind::kBed, {}), folder / "out.gz.tbi");
  EXPECT_THAT(lines_in(packed, "chr2:1-3"), ElementsAre("chr2\t0\t10\ta b"));
  EXPECT_THAT(lines_in(packed, "chr2:200001-200001"),
              ElementsAre("chr2\t5\t300000\tB", "chr2\t200000\t200001"));
  EXPECT_THAT(lines_in(packed, "chr1"), ElementsAre("chr1\t7\t7\tpoint"));
  EXPECT_THAT(lines_in(packed, "chr3"), ElementsAre());
  EXPECT_EQ(read_file(packed),
            "#peaks\nchr2\t0\t10\ta b\nchr2\t5\t300000\tB\nchr2\t200000\t200001\n"
            "chr1\t7\t7\tpoint\n");
}

// Chromosomes of wheat are so long: beyond base 2^29 a .tbi finds nothing.
TEST(Pack, LongChromosomesHaveAnIndexThatReachesTheirEnds) {
  const TempFolder folder;
  const auto packed = folder / "out.gz";
  const auto packs = [&](std::string_view line) {
    return pack_track(put_text(folder, "in", line), packed, TrackKind::kBed, {}).extension();
  };
  EXPECT_EQ(packs("3B\t536870911\t536870912\tlast\n"), ".tbi");
  EXPECT_THAT(lines_in(packed, "3B:536870912-536870912"), testing::SizeIs(1));
  std::filesystem::remove(folder / "out.gz.tbi");
  EXPECT_EQ(packs("3B\t536870912\t536870913\tfar\n"), ".csi");
  EXPECT_THAT(lines_in(packed, "3B:536870913-536870913"), testing::SizeIs(1));
  EXPECT_EQ(packs("3B\t2147483647\t2147483648\tfarthest\n"), ".csi");
  EXPECT_THAT(lines_in(packed, "3B:2147483648-2147483648"), testing::SizeIs(1));
  // Readers would take the .csi of the earlier file.
  EXPECT_THAT(refusal([&] { packs("3B\t0\t1\n"); }),
              AllOf(HasSubstr("out.gz.csi"), HasSubstr("remove it")));
  EXPECT_THAT(lines_in(packed, "3B"), testing::SizeIs(1));
}

TEST(Pack, RefusesWhatNoIndexFinds) {
  const TempFolder folder;
  const auto said = [&](std::string_view text, const std::optional<ChromosomeSizes>& sizes = {}) {
    const auto path = put_text(folder, "in", text);
    return refusal([&] { pack_track(path, folder / "out.gz", TrackKind::kBed, sizes); });
  };
  EXPECT_THAT(said("a\t5\t6\na\t4\t9\n"), AllOf(HasSubstr("line 2"), HasSubstr("sort -k1,1")));
  EXPECT_THAT(said("a\t5\t6\nb\t4\t9\na\t7\t8\n"),
              AllOf(HasSubstr("line 3"), HasSubstr("comes back"), HasSubstr("sort -k1,1")));
  EXPECT_THAT(said("a 5 6\n"), HasSubstr("1 fields"));
  EXPECT_THAT(said("a\t5\tx\n"), HasSubstr("'x'"));
  EXPECT_THAT(said("a\t5\t4\n"), HasSubstr("before its start"));
  EXPECT_THAT(said("\t5\t6\n"), HasSubstr("no chromosome"));
  EXPECT_THAT(said("a\t5\t2147483649\n"), HasSubstr("what can be indexed"));
  EXPECT_THAT(said("track name=x\na\t5\t6\n"), HasSubstr("UCSC"));
  EXPECT_THAT(said("#a\n"), HasSubstr("no lines"));
  EXPECT_THAT(said("a\t5\t6\n", ChromosomeSizes{{"a", 5}}), HasSubstr("ends at 6, and a at 5"));
  EXPECT_THAT(said("a\t5\t6\n", ChromosomeSizes{{"b", 5}}), HasSubstr("spelling"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out.gz"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out.gz.tbi"));
}

TEST(Pack, EachKindIsHeldToItsFields) {
  const TempFolder folder;
  const auto said = [&](TrackKind kind, std::string_view text) {
    const auto path = put_text(folder, "in", text);
    return refusal([&] { pack_track(path, folder / "out.gz", kind, {}); });
  };
  EXPECT_EQ(said(TrackKind::kBedGraph, "a\t5\t6\t-1.5e3\n"), "");
  EXPECT_THAT(said(TrackKind::kBedGraph, "a\t5\t6\tnan\n"), HasSubstr("finite number, not 'nan'"));
  EXPECT_THAT(said(TrackKind::kBedGraph, "a\t5\t6\n"), HasSubstr("finite number"));
  EXPECT_EQ(said(TrackKind::kLongRange, "a\t5\t6\tHLA:A,1:7-9,0.5\n"), "");
  for (const char* far : {"a:7-9", "a:9-7,1", "a-9,1", ":7-9,1", "a:7,1", "a:7-9,", ""}) {
    EXPECT_THAT(said(TrackKind::kLongRange, std::string("a\t5\t6\t") + far + "\n"),
                HasSubstr("CHROMOSOME:START-END,SCORE"))
        << far;
  }
  EXPECT_EQ(said(TrackKind::kBedPe, "a\t5\t6\tb\t1\t2\tname\n"), "");
  EXPECT_THAT(said(TrackKind::kBedPe, "a\t5\t6\tb\t1\n"), HasSubstr("5 fields"));
  EXPECT_THAT(said(TrackKind::kBedPe, "a\t5\t6\t.\t-1\t-1\n"), HasSubstr("'-1'"));
}

}  // namespace
}  // namespace grids::core
