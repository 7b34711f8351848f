#include <gmock/gmock.h>

#include <thread>

#include "base/thread_pool.hpp"
#include "io/anndata.hpp"
#include "io/manifest.hpp"
#include "io/mudata.hpp"
#include "io/support.hpp"
#include "io/zarr.hpp"

namespace grids::core::zarr {
namespace {

namespace fs = std::filesystem;
using store::Group;
using test::TempFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<double> as_written() {
  std::vector<double> numbers(1000);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i * 7 % 113);
  return numbers;
}

/// Stores that zarr wrote, as tests/fixtures/zarr/make.py says.
class ZarrFixtures : public ::testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    const auto archive = fs::path(GRIDS_TEST_DIR) / "fixtures/zarr/stores.tar.gz";
    unpacked_ =
        std::system(fmt::format("tar -xzf '{}' -C '{}'", archive.string(), folder_->path().string())
                        .c_str()) == 0;
  }
  static void TearDownTestSuite() { folder_.reset(); }
  void SetUp() override { ASSERT_TRUE(unpacked_); }
  static fs::path at(const std::string& name) { return *folder_ / GetParam() / name; }
  static Group codecs(const std::string& group, ThreadPool* pool = nullptr) {
    return store::open(at("codecs.zarr"), pool).group(group);
  }

  static std::unique_ptr<TempFolder> folder_;
  static bool unpacked_;
};
std::unique_ptr<TempFolder> ZarrFixtures::folder_;
bool ZarrFixtures::unpacked_ = false;
INSTANTIATE_TEST_SUITE_P(Versions, ZarrFixtures, ::testing::Values("v2", "v3"));

RawModality read(const fs::path& path, const std::string& matrix = {}) {
  return read_anndata(store::open(path), matrix);
}

TEST_P(ZarrFixtures, EveryLayoutHoldsTheSame) {
  for (const auto* name : {"csr", "csc", "dense", "dense64", "dense_ints", "csr_ints", "csc_ints",
                           "gzip", "index_name", "unsorted", "layer", "raw", "whole_x"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(test::describe(read(at(fmt::format("{}.zarr", name)))), test::kFixtureCells);
  }
  EXPECT_EQ(test::describe(read(at("layer_named.zarr"), "spliced")), test::kFixtureCells);
  EXPECT_EQ(read(at("raw.zarr")).source, at("raw.zarr").string() + ": raw/X");
  EXPECT_EQ(read(at("no_counts.zarr")).values.values[0], 0.37f);
}

TEST_P(ZarrFixtures, ColumnsOfEveryKind) {
  EXPECT_THAT(test::describe(read(at("columns.zarr"))),
              AllOf(HasSubstr("obs.text\ta\t\tb\tα β\n"), HasSubstr("obs.maybe\t1\t\t3\t4\n"),
                    HasSubstr("obs.flag\t1\t\t0\t1\n"), HasSubstr("obs.cluster\t10\t2\t2\t10\n"),
                    HasSubstr("obs.part\t0.5\t1"), HasSubstr("obs.yes\tTrue\tFalse\tTrue")));
}

TEST_P(ZarrFixtures, ModalitiesOfMuData) {
  for (const auto* name : {"usual", "tenx_names"}) {
    const auto root = store::open(at(fmt::format("{}.zarr", name)));
    const auto names = find_modalities(root, {});
    for (const auto& modality : {names.rna, names.atac}) {
      EXPECT_EQ(test::describe(read_anndata(root.group("mod/" + modality), {})),
                test::kFixtureCells);
    }
  }
}

TEST_P(ZarrFixtures, NumbersPackedByEveryCodec) {
  ThreadPool pool(3);
  for (ThreadPool* threads : {static_cast<ThreadPool*>(nullptr), &pool}) {
    const auto group = codecs("numbers", threads);
    EXPECT_GE(group.names().size(), 20u);
    for (const auto& name : group.names()) {
      SCOPED_TRACE(name);
      EXPECT_EQ(group.array(name).read<double>(), as_written());
    }
  }
}

TEST_P(ZarrFixtures, NumbersOfEveryTypeInEveryType) {
  const auto group = codecs("types");
  EXPECT_EQ(group.names().size(), 24u);
  for (const auto& name : group.names()) {
    SCOPED_TRACE(name);
    auto expected = as_written();
    if (name.ends_with("b1")) {
      for (auto& number : expected) number = static_cast<int64_t>(number) % 2 != 0 ? 1 : 0;
    }
    const auto array = group.array(name);
    const auto as = [&](auto type) {
      const auto read = array.read<decltype(type)>();
      EXPECT_TRUE(std::equal(read.begin(), read.end(), expected.begin(), expected.end()));
    };
    as(float{}), as(double{}), as(int8_t{}), as(uint8_t{}), as(int32_t{}), as(uint32_t{});
    as(int64_t{});
    EXPECT_EQ(array.kind(), name.ends_with("b1")          ? store::Kind::kBoolean
                            : name.find('f') != name.npos ? store::Kind::kFloat
                                                          : store::Kind::kInteger);
  }
}

TEST_P(ZarrFixtures, RowsOfTablesInChunks) {
  const auto all = as_written();
  const auto group = codecs("shapes");
  EXPECT_GE(group.names().size(), 5u);
  for (const auto& name : group.names()) {
    SCOPED_TRACE(name);
    const auto array = group.array(name);
    EXPECT_EQ(array.read<double>(), all);
    const int64_t width = array.row_width();
    for (int64_t first = 0; first < array.shape()[0]; ++first) {
      for (int64_t count = 1; first + count <= array.shape()[0]; ++count) {
        std::vector<double> rows(static_cast<size_t>(count * width));
        array.read_rows<double>(first, rows);
        ASSERT_TRUE(std::equal(rows.begin(), rows.end(), all.begin() + first * width));
      }
    }
  }
}

TEST_P(ZarrFixtures, SlicesOfVectorsOneAfterTheOtherAndAtOnce) {
  const auto all = as_written();
  const auto group = codecs("numbers");
  for (const auto& name : {"none", std::string(GetParam()) == "v3" ? "shards_end" : "one_chunk"}) {
    const auto array = group.array(name);
    const auto check = [&](int64_t step, int64_t begin) {
      for (int64_t first = begin; first + step <= 1000; first += step) {
        std::vector<int32_t> some(static_cast<size_t>(step));
        array.read_rows<int32_t>(first, some);
        ASSERT_TRUE(std::equal(some.begin(), some.end(), all.begin() + first));
      }
    };
    for (const int64_t step : {1, 7, 299, 300, 301, 1000}) check(step, 0);
    std::vector<std::thread> threads;
    for (int64_t thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] { check(31, thread * 13); });
    }
    for (auto& thread : threads) thread.join();
  }
}

TEST_P(ZarrFixtures, TextsOfEveryKind) {
  const auto group = codecs("texts");
  EXPECT_GE(group.names().size(), 3u);
  for (const auto& name : group.names()) {
    SCOPED_TRACE(name);
    const auto texts = group.array(name).read_text();
    ASSERT_EQ(texts.size(), 100u);
    for (size_t i = 0; i < texts.size(); i += 5) {
      EXPECT_THAT(std::vector<std::string>(texts.begin() + static_cast<int64_t>(i),
                                           texts.begin() + static_cast<int64_t>(i) + 5),
                  ElementsAre("", "a", "α β", "𝒳", "last"));
    }
  }
}

TEST_P(ZarrFixtures, WhatWasNeverWrittenIsTheFillValue) {
  const auto group = codecs("fills");
  const auto value = [&](const std::string& name) {
    const auto read = group.array(name).read<double>();
    EXPECT_EQ(read.size(), 3u);
    EXPECT_TRUE(std::isnan(read[0]) || read[0] == *group.array(name).info().fill);
    return read[2];
  };
  EXPECT_EQ(value("zero"), 0);
  EXPECT_EQ(value("number"), -5);
  EXPECT_EQ(value("large"), 0x1p63);
  EXPECT_EQ(value("half"), 0.5);
  EXPECT_TRUE(std::isnan(value("not_a_number")));
  EXPECT_EQ(value("infinite"), INFINITY);
  EXPECT_EQ(value("less"), -INFINITY);
  EXPECT_EQ(value("yes"), 1);
}

TEST_P(ZarrFixtures, OtherCodecsAreRefusedByName) {
  const auto group = codecs("refused");
  EXPECT_GE(group.names().size(), 5u);
  for (const auto& name : group.names()) {
    const auto message = test::input_message([&] {
      const auto array = group.array(name);
      if (array.kind() == store::Kind::kText) {
        array.read_text();
      } else {
        array.read<double>();
      }
    });
    EXPECT_THAT(message, AllOf(HasSubstr("codecs.zarr: refused/" + name + ": "),
                               HasSubstr(name + "'"), HasSubstr("not read")))
        << name;
  }
}

TEST_P(ZarrFixtures, ALostChunkOfAMatrixIsNamed) {
  const bool is_3 = std::string(GetParam()) == "v3";
  const TempFolder folder;
  for (const auto* part : {"X/data", "X/indices", "X/indptr", "obs/_index"}) {
    const auto copy = folder / fs::path(part).filename().string();
    fs::copy(at("csr.zarr"), copy, fs::copy_options::recursive);
    const std::string chunk = is_3 ? "c/0" : "0";
    ASSERT_TRUE(fs::remove(copy / part / chunk)) << part;
    EXPECT_THAT(
        test::input_message([&] { read(copy); }),
        HasSubstr(fmt::format("{}: {}: chunk '{}': is missing", copy.string(), part, chunk)));
  }
}

TEST_P(ZarrFixtures, AFolderCutShortNamesChunkOrMetadata) {
  const bool is_3 = std::string(GetParam()) == "v3";
  const TempFolder folder;
  const auto copy = folder / "cut.zarr";
  fs::copy(at("csr.zarr"), copy, fs::copy_options::recursive);
  const auto chunk = copy / "X/data" / (is_3 ? "c/0" : "0");
  test::put(chunk, test::slurp(chunk).substr(0, 12));
  EXPECT_THAT(test::input_message([&] { read(copy); }),
              AllOf(HasSubstr("X/data: chunk"), HasSubstr("copy the store again")));
  const auto metadata = copy / "X/data" / (is_3 ? "zarr.json" : ".zarray");
  test::put(metadata, test::slurp(metadata).substr(0, 50));
  EXPECT_THAT(test::input_message([&] { read(copy); }),
              AllOf(HasSubstr("X/data"), HasSubstr("not an object of JSON")));
}

/// Packs the files of a folder by Python's zipfile: by a method, with names from `top` on, and with
/// sizes and numbers beyond `limit` as those beyond 4 GB are written.
bool pack(const fs::path& archive, const fs::path& folder, const fs::path& top,
          std::string_view method, int64_t limit) {
  return test::run_python(fmt::format(
      "-c \"import os, zipfile; zipfile.ZIP64_LIMIT = zipfile.ZIP_FILECOUNT_LIMIT = {4}; "
      "archive = zipfile.ZipFile('{0}', 'w', zipfile.{3}, strict_timestamps=False); "
      "[archive.write(os.path.join(at, name), os.path.relpath(os.path.join(at, name), '{2}')) "
      "for at, _, names in os.walk('{1}') for name in names]; archive.close()\"",
      archive.string(), folder.string(), top.string(), method, limit));
}

TEST_P(ZarrFixtures, ZipArchivesAreTheSame) {
  const TempFolder folder;
  const auto store = at("csr.zarr");
  constexpr int64_t kUsual = (int64_t{1} << 31) - 1;
  ASSERT_TRUE(pack(folder / "stored.zip", store, store, "ZIP_STORED", kUsual));
  ASSERT_TRUE(pack(folder / "inside.zip", store, store.parent_path(), "ZIP_DEFLATED", kUsual));
  ASSERT_TRUE(pack(folder / "large.zip", store, store, "ZIP_DEFLATED", 20));
  EXPECT_THAT(test::slurp(folder / "large.zip"), HasSubstr(std::string("PK\6\6", 4)));
  for (const auto* name : {"stored.zip", "inside.zip", "large.zip"}) {
    EXPECT_EQ(test::describe(read(folder / name)), test::kFixtureCells) << name;
  }
  const auto whole = test::slurp(folder / "inside.zip");
  test::put(folder / "cut.zip", whole.substr(0, whole.size() / 2));
  EXPECT_FALSE(store::is_store(folder / "cut.zip"));
}

TEST_P(ZarrFixtures, PartsOfMembersOfArchives) {
  if (std::string(GetParam()) == "v2") GTEST_SKIP() << "shards are of version 3 alone";
  const TempFolder folder;
  for (const auto* method : {"ZIP_STORED", "ZIP_DEFLATED"}) {
    const auto path = folder / method;
    ASSERT_TRUE(pack(path, at("codecs.zarr"), at("codecs.zarr"), method, int64_t{1} << 31));
    const auto root = store::open(path);
    for (const auto* name : {"numbers/shards_start", "numbers/shards_end", "numbers/zstd"}) {
      EXPECT_EQ(root.array(name).read<double>(), as_written()) << method << " " << name;
    }
  }
}

TEST_P(ZarrFixtures, TheManifestKnowsAFolderByAllOfItsFiles) {
  const TempFolder folder;
  const auto copy = folder / "copy.zarr";
  fs::copy(at("csr.zarr"), copy, fs::copy_options::recursive);
  const auto before = record_file(copy);
  EXPECT_EQ(before.path, copy.string());
  EXPECT_EQ(before.sha256, record_file(at("csr.zarr")).sha256);
  EXPECT_GT(before.bytes, 1000);
  test::put(copy / "X/more", "x");
  EXPECT_NE(record_file(copy).sha256, before.sha256);
  EXPECT_EQ(record_file(copy).bytes, before.bytes + 1);
}

TEST_P(ZarrFixtures, TheArchiveThatZarrWrites) {
  if (std::string(GetParam()) == "v2") GTEST_SKIP() << "of version 3 alone";
  EXPECT_EQ(test::describe(read(at("csr.zarr.zip"))), test::kFixtureCells);
}

}  // namespace
}  // namespace grids::core::zarr
