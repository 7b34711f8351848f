// The seam between readers and stores: what it tells and refuses, HDF5 behind it, and a second
// store.
#include "io/store.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>

#include "io/anndata.hpp"
#include "io/memory_store.hpp"
#include "io/store_writer.hpp"
#include "io/support.hpp"

namespace grids::core {
namespace {

using store::Kind;
using test::MemoryGroup;
using test::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

std::shared_ptr<MemoryGroup> memory_root() {
  return std::make_shared<MemoryGroup>(store::Place{"memory", {}});
}

// ---- what HDF5 tells ----

TEST(Store, AnArrayTellsWhatItIsBeforeItIsRead) {
  const TempFolder folder;
  const auto path = folder / "a.h5";
  {
    const auto root = store::create(path);
    root.write<int32_t>("short", std::vector<int32_t>{1, 2});
    root.write<double>("long", Numbers(5000));
    root.write_text("texts", Texts{"a", "bc"});
    root.write_booleans("booleans", std::vector<uint8_t>{0, 1, 1});
    root.write_scalar("scalar", int64_t{7});
    root.create_growing("grows", store::Type::kFloat32, 1 << 15)
        .append<float>(std::vector<float>(3 << 15));
    root.create_plain("plain", store::Type::kFloat32, 2, 3)
        .write_rows<float>(0, std::vector<float>(6));
  }
  const auto root = store::open(path);
  EXPECT_THAT(root.names(),
              ElementsAre("booleans", "grows", "long", "plain", "scalar", "short", "texts"));
  const auto info = [&](const char* name) { return root.array(name).info(); };
  EXPECT_THAT(info("short").shape, ElementsAre(2));
  EXPECT_EQ(info("short").kind, Kind::kInteger);
  EXPECT_EQ(info("short").entry_bytes, 4);
  EXPECT_EQ(info("short").fill, 0.0);
  EXPECT_TRUE(info("short").chunk.empty());
  EXPECT_EQ(info("long").kind, Kind::kFloat);
  EXPECT_EQ(info("long").entry_bytes, 8);
  EXPECT_THAT(info("long").chunk, ElementsAre(5000));
  EXPECT_EQ(info("texts").kind, Kind::kText);
  EXPECT_FALSE(info("texts").fill.has_value());
  EXPECT_EQ(info("booleans").kind, Kind::kBoolean);
  EXPECT_TRUE(info("scalar").shape.empty());
  EXPECT_EQ(root.array("scalar").read<int64_t>(), std::vector<int64_t>{7});
  EXPECT_THAT(info("grows").shape, ElementsAre(3, 1 << 15));
  EXPECT_THAT(info("grows").chunk, ElementsAre(2, 1 << 15));
  EXPECT_THAT(info("plain").shape, ElementsAre(2, 3));
  EXPECT_TRUE(info("plain").chunk.empty());
}

TEST(Store, AFillValueIsToldAndRead) {
  GRIDS_NEEDS_ANNDATA();  // whose h5py writes it
  const TempFolder folder;
  const auto path = folder / "a.h5";
  ASSERT_TRUE(
      test::run_python(fmt::format("-c 'import h5py; h5py.File(\"{}\", "
                                   "\"w\").create_dataset(\"a\", shape=(4, 6), chunks=(2, 3), "
                                   "dtype=\"f4\", fillvalue=2.5)'",
                                   path.string())));
  const auto array = store::open(path).array("a");
  EXPECT_EQ(array.info().fill, 2.5);
  EXPECT_THAT(array.info().chunk, ElementsAre(2, 3));
  EXPECT_EQ(array.read<float>(), std::vector<float>(24, 2.5f));
}

TEST(Store, ReadsRowsInAnyTypeIntoGivenMemory) {
  const TempFolder folder;
  const auto path = folder / "a.h5";
  {
    const auto matrix = store::create(path).create_plain("m", store::Type::kFloat32, 3, 2);
    matrix.write_rows<float>(0, std::vector<float>{0, 1, 2, 3, 4, 300.75f});
  }
  const auto matrix = store::open(path).array("m");
  std::vector<double> rows(4);
  matrix.read_rows<double>(1, rows);
  EXPECT_THAT(rows, ElementsAre(2, 3, 4, 300.75));
  std::vector<uint8_t> small(2);
  matrix.read_rows<uint8_t>(2, small);
  EXPECT_THAT(small, ElementsAre(4, 255));  // too large for the type: its largest
  EXPECT_EQ(matrix.read<int64_t>(), (std::vector<int64_t>{0, 1, 2, 3, 4, 300}));
}

TEST(Store, RefusesWhatTheArrayDoesNotHold) {
  const TempFolder folder;
  const auto path = folder / "a.h5";
  {
    const auto root = store::create(path);
    root.write<int32_t>("group/numbers", std::vector<int32_t>{1, 2, 3});
    root.write_text("texts", Texts{"a"});
    root.set_attribute("text", "t");
    root.set_attribute("number", int64_t{5});
  }
  const auto root = store::open(path);
  const auto numbers = root.array("group/numbers");
  std::vector<float> two(2);
  const std::string at = "reading " + path.string() + ": ";
  for (const int64_t first : {int64_t{2}, int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(test::input_message([&] { numbers.read_rows<float>(first, two); }),
              at + "group/numbers: has fewer rows than expected");
  }
  EXPECT_EQ(test::input_message([&] { numbers.read_text(); }),
            at + "group/numbers: expected text, found something else");
  EXPECT_EQ(test::input_message([&] { root.array("texts").read<float>(); }),
            at + "texts: expected numbers, found something else");
  EXPECT_EQ(test::input_message([&] { numbers.require_dimensions(2); }),
            at + "group/numbers: expected 2 dimensions, found 1");
  EXPECT_THAT(test::input_message([&] { root.array("group"); }),
              HasSubstr(at + "group: is not a dataset"));
  EXPECT_THAT(test::input_message([&] { root.group("texts"); }),
              HasSubstr(at + "texts: is not a group"));
  EXPECT_EQ(test::input_message([&] { root.array("group/other"); }),
            at + "group/other: there is no such dataset");
  EXPECT_EQ(test::input_message([&] { root.integers_attribute("text"); }),
            at + "attribute 'text' is not a number");
  EXPECT_EQ(test::input_message([&] { root.text_attribute("number"); }),
            at + "attribute 'number' is not text");
  EXPECT_EQ(test::input_message([&] { root.text_attribute("none"); }),
            at + "has no attribute 'none'");
}

TEST(Store, OpensOnlyWhatItKnows) {
  const TempFolder folder;
  test::put(folder / "a.txt", "text");
  EXPECT_FALSE(store::is_store(folder / "a.txt"));
  EXPECT_FALSE(store::is_store(folder / "none"));
  for (const auto& path : {folder / "a.txt", folder.path()}) {
    EXPECT_EQ(test::input_message([&] { store::open(path); }),
              "reading " + path.string() +
                  ": cannot be read, or is not an HDF5 file, a .gz of one or a Zarr store");
  }
  EXPECT_THAT(test::input_message([&] { store::open(folder / "none"); }),
              HasSubstr("none: there is no such file"));
}

TEST(Store, AListOfTextsGrowsInPlace) {
  const TempFolder folder;
  const auto path = folder / "a.h5";
  {
    const auto root = store::create(path);
    root.set_attribute("list", Texts{"a", "β"});
    root.extend_attribute("list", "c");
  }
  EXPECT_THAT(store::open(path).texts_attribute("list"), ElementsAre("a", "β", "c"));
}

// ---- what the seam makes of any store ----

TEST(Store, BelievesNoSizeThatItsBytesCannotBack) {
  const auto root = memory_root();
  const auto array = root->add("a", {1 << 20, 1 << 10}, Numbers{});
  array->bytes_claimed = 1000;
  EXPECT_EQ(test::input_message([&] { store::Group(root).array("a").read<float>(); }),
            "reading memory: a: claims 1073741824 entries, but the file holds only 1000 bytes of "
            "them");
  EXPECT_TRUE(array->reads.empty());
}

TEST(Store, ReadsWholeChunksAtATimeWhereTheyFit) {
  const auto root = memory_root();
  const auto array = root->add("a", {100, 10}, Numbers(1000));
  const auto rows_at_once = [&](int64_t entries, std::vector<int64_t> chunk) {
    array->chunk = std::move(chunk);
    return store::Group(root).array("a").rows_at_once(entries);
  };
  EXPECT_EQ(rows_at_once(250, {}), 25);
  EXPECT_EQ(rows_at_once(250, {8, 10}), 24);
  EXPECT_EQ(rows_at_once(250, {25, 5}), 25);
  EXPECT_EQ(rows_at_once(250, {40, 1}), 25);  // a chunk and all it is beside are too much
  EXPECT_EQ(rows_at_once(3, {8, 10}), 1);
}

// ---- a second store ----

/// An AnnData of 3 cells and 2 peaks whose X is `matrix`, as AnnData 0.8 and later lay it out.
std::shared_ptr<MemoryGroup> anndata_in_memory(
    const std::function<void(MemoryGroup& root)>& add_matrix) {
  auto root = memory_root();
  const auto obs = root->add_group("obs");
  obs->attributes["_index"] = Texts{"_index"};
  obs->attributes["column-order"] = Texts{"type", "n"};
  obs->add("_index", Texts{"c1", "c2", "c3"});
  obs->add("n", Numbers{0.5, 2, 3});
  const auto type = obs->add_group("type");
  type->add("codes", Numbers{1, -1, 0});
  type->add("categories", Texts{"B", "T"});
  const auto var = root->add_group("var");
  var->attributes["_index"] = Texts{"_index"};
  var->attributes["column-order"] = Texts{};
  var->add("_index", Texts{"p1", "p2"});
  add_matrix(*root);
  return root;
}

const char* const kInMemory =
    "shape 3 2\n"
    "obs c1\nobs c2\nobs c3\n"
    "obs.type\tT\t\tB\n"
    "obs.n\t0.5\t2\t3\n"
    "var p1\nvar p2\n"
    "0 1 4\n2 0 5\n2 1 6\n";

void add_dense(MemoryGroup& root) {
  root.add("X", {3, 2}, Numbers{0, 4, 0, 0, 5, 6});
}

void add_compressed(MemoryGroup& root, const char* encoding, Numbers bounds, Numbers indices,
                    Numbers data) {
  const auto x = root.add_group("X");
  x->attributes["encoding-type"] = Texts{encoding};
  x->attributes["shape"] = std::vector<int64_t>{3, 2};
  x->add("indptr", std::move(bounds));
  x->add("indices", std::move(indices));
  x->add("data", std::move(data));
}

void add_csr(MemoryGroup& root) {
  add_compressed(root, "csr_matrix", {0, 1, 1, 3}, {1, 1, 0}, {4, 6, 5});
}

void add_csc(MemoryGroup& root) {
  add_compressed(root, "csc_matrix", {0, 1, 3}, {2, 0, 2}, {5, 4, 6});
}

TEST(SecondStore, GivesTheReaderOfAnnDataTheSameCells) {
  for (const auto& add_matrix : {add_dense, add_csr, add_csc}) {
    const store::Group root(anndata_in_memory(add_matrix));
    const RawModality modality = read_anndata(root);
    EXPECT_EQ(test::describe(modality), kInMemory);
    EXPECT_EQ(modality.source, "memory: X");
  }
}

TEST(SecondStore, IsNamedInMessages) {
  const auto message = [](const std::function<void(MemoryGroup&)>& add_matrix) {
    const store::Group root(anndata_in_memory(add_matrix));
    return test::input_message([&] { read_anndata(root); });
  };
  EXPECT_THAT(message([](MemoryGroup&) {}),
              HasSubstr("reading memory: X: there is no such matrix; the file has: none"));
  EXPECT_EQ(message([](MemoryGroup& root) {
              root.add("X", {2, 2}, Numbers{0, 1, 0, 1});
            }),
            "reading memory: X: has 2 rows, but obs names 3 cells");
}

// ---- rows of a matrix that stays in its store ----

TEST(MatrixRows, ReadsOnlyTheEntriesOfTheRowsItIsAskedFor) {
  const auto root = memory_root();
  add_csr(*root);
  const store::Group group(root);
  const MatrixRows rows(group, "X");
  CsrMatrix block;
  rows.read(2, 3, block);
  EXPECT_EQ(block.pattern.offsets, (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(block.pattern.indices, (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(block.values, (std::vector<float>{5, 6}));
  for (const char* name : {"X/indices", "X/data"}) {
    const auto source = std::static_pointer_cast<const test::MemoryArray>(root->array(name));
    EXPECT_THAT(source->reads, ElementsAre(std::pair{int64_t{1}, size_t{2}})) << name;
  }
}

TEST(MatrixRows, ReadsOnlyTheDenseRowsItIsAskedFor) {
  const auto root = memory_root();
  const auto x = root->add("X", {5, 2}, Numbers{1, 0, 0, 2, 3, 0, 0, 0, 0, 4});
  const store::Group group(root);
  const MatrixRows rows(group, "X");
  CsrMatrix block;
  rows.read(1, 4, block);
  EXPECT_THAT(x->reads, ElementsAre(std::pair{int64_t{1}, size_t{6}}));
  EXPECT_EQ(block.pattern.offsets, (std::vector<int64_t>{0, 1, 2, 2}));
  EXPECT_EQ(block.pattern.indices, (std::vector<int32_t>{1, 0}));
  EXPECT_EQ(block.values, (std::vector<float>{2, 3}));
}

TEST(MatrixRows, OfAMatrixByColumnsAreRefusedWithWhatToDo) {
  const auto root = memory_root();
  add_csc(*root);
  EXPECT_EQ(test::input_message([&] { MatrixRows(store::Group(root), "X"); }),
            "reading memory: X: is stored by columns (csc_matrix), so that its rows cannot be read "
            "block by block; write it as csr_matrix");
}

TEST(MatrixRows, DamageIsFoundInTheBlockThatHoldsIt) {
  const auto message = [](Numbers indices, int64_t first, int64_t last) {
    const auto root = memory_root();
    add_compressed(*root, "csr_matrix", {0, 1, 1, 3}, std::move(indices), {1, 2, 3});
    const MatrixRows rows(store::Group(root), "X");
    CsrMatrix block;
    return test::input_message([&] { rows.read(first, last, block); });
  };
  EXPECT_EQ(message({0, 0, 2}, 0, 2), "no error");
  EXPECT_EQ(message({0, 0, 2}, 2, 3), "reading memory: X/indices: entry 2 is 2, outside of 0 to 1");
  EXPECT_EQ(message({0, 1, 1}, 1, 3), "reading memory: X/indices: row 2 holds column 1 twice");
  EXPECT_THAT(message({0, 0, 1}, 2, 4),
              HasSubstr("another kind"));  // our own mistake, not a file's
}

TEST(Store, ALinkedArrayIsOneArrayByTwoNames) {
  const TempFolder folder;
  const auto path = folder / "a.h5";
  const Numbers numbers(5000, 2.5);
  {
    const auto root = store::create(path);
    root.create_group("b").link("c/linked", root.write<double>("a", numbers));
  }
  const auto root = store::open(path);
  EXPECT_EQ(root.array("b/c/linked").read<double>(), numbers);
  EXPECT_EQ(root.array("a").read<double>(), numbers);
  const auto alone = folder / "alone.h5";
  store::create(alone).write<double>("a", numbers);
  // Two groups more, but no numbers.
  EXPECT_LT(std::filesystem::file_size(path), std::filesystem::file_size(alone) + 4096);
}

TEST(Store, NumbersThatRepeatInWordsArePackedAsSuch) {
  const TempFolder folder;
  // Few different floats with all their bytes in use, as logs are; no stretch twice.
  std::vector<float> logs(200'000);
  uint32_t state = 1;
  for (float& value : logs) {
    state = state * 1664525u + 1013904223u;
    value = std::log1p(static_cast<float>(state >> 30) + 0.37f);
  }
  const auto size = [&](store::Repeats repeats) {
    const auto path = folder / "a.h5";
    store::create(path).create_growing("a", store::Type::kFloat32, 0, repeats).append<float>(logs);
    EXPECT_EQ(store::open(path).array("a").read<float>(), logs);
    return std::filesystem::file_size(path);
  };
  EXPECT_LT(size(store::Repeats::kWords), size(store::Repeats::kBytes));
}

}  // namespace
}  // namespace grids::core
