#include "io/anndata.hpp"

#include <gmock/gmock.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "io/support.hpp"
#include "io/utf8.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;
using ::testing::HasSubstr;

RawModality read(const fs::path& path, const std::string& matrix = {}) {
  return read_anndata(store::open(path), matrix);
}

class AnnDataFixtures : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!test::have_anndata()) return;
    folder_ = std::make_unique<TempFolder>();
    made_ = test::run_python(
        fmt::format("{}/io/make_fixtures.py {}", GRIDS_TEST_DIR, folder_->path().string()));
  }
  static void TearDownTestSuite() { folder_.reset(); }
  void SetUp() override {
    GRIDS_NEEDS_ANNDATA();
    ASSERT_TRUE(made_);
  }
  static fs::path at(std::string_view name) { return *folder_ / name; }

  static std::unique_ptr<TempFolder> folder_;
  static bool made_;
};
std::unique_ptr<TempFolder> AnnDataFixtures::folder_;
bool AnnDataFixtures::made_ = false;

TEST_F(AnnDataFixtures, EveryLayoutHoldsTheSame) {
  for (const auto* name : {"csr", "csc", "dense", "dense64", "dense_ints", "csr_ints", "csc_ints",
                           "gzip", "index_name", "unsorted", "odd_types", "encoding_0_1_0",
                           "compound_fixed", "compound_text"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(test::describe(read(at(fmt::format("{}.h5ad", name)))), test::kFixtureCells);
  }
}

TEST_F(AnnDataFixtures, LzfIsReadInNumbersAndNames) {
  const auto packed = read(at("lzf.h5ad"));
  const auto once = read(at("csr.h5ad"));
  ASSERT_EQ(packed.values.rows(), 500 * once.values.rows());
  for (int64_t row = 0; row < packed.values.rows(); ++row) {
    const auto found = packed.values.row_values(row);
    const auto expected = once.values.row_values(row % once.values.rows());
    ASSERT_TRUE(std::equal(found.begin(), found.end(), expected.begin(), expected.end())) << row;
  }
  EXPECT_EQ(packed.obs.index[1999], "1999");
}

TEST_F(AnnDataFixtures, CountsAreFoundWhereTheyLie) {
  for (const auto& [name, place] : {std::pair{"layer", "layers/counts"},
                                    {"raw", "raw/X"},
                                    {"whole_x", "X"},
                                    {"compound_raw", "raw.X"}}) {
    SCOPED_TRACE(name);
    const auto path = at(fmt::format("{}.h5ad", name));
    const auto modality = read(path);
    EXPECT_EQ(test::describe(modality), test::kFixtureCells);
    EXPECT_EQ(modality.source, fmt::format("{}: {}", path.string(), place));
  }
  EXPECT_EQ(test::describe(read(at("layer_named.h5ad"), "spliced")), test::kFixtureCells);
  EXPECT_EQ(test::describe(read(at("layer_named.h5ad"), "layers/spliced")), test::kFixtureCells);
  EXPECT_EQ(test::describe(read(at("raw.h5ad"), "raw/X")), test::kFixtureCells);
  EXPECT_EQ(test::describe(read(at("whole_x.h5ad"), "X")), test::kFixtureCells);
  const auto normalised = read(at("no_counts.h5ad"));
  EXPECT_FALSE(PackedRows(normalised.values).all_whole());
  EXPECT_EQ(normalised.values.values[0], 0.37f);
  EXPECT_THAT(
      test::input_message([] { read(at("layer_named.h5ad"), "counts"); }),
      HasSubstr("layer_named.h5ad: layers/counts: there is no such matrix; the file has: X, "
                "layers/spliced"));
}

TEST_F(AnnDataFixtures, ColumnsOfEveryKind) {
  EXPECT_THAT(test::describe(read(at("columns.h5ad"))),
              HasSubstr("obs.text\ta\t\tb\tα β\n"
                        "obs.maybe\t1\t\t3\t4\n"
                        "obs.flag\t1\t\t0\t1\n"
                        "obs.cluster\t10\t2\t2\t10\n"
                        "obs.part\t0.5\t1\t\t0.5\n"
                        "obs.yes\tTrue\tFalse\tTrue\tTrue\n"
                        "var "));
  const auto old = read(at("one_category.h5ad"));
  EXPECT_EQ(old.obs.find("stage")->text(), std::vector<std::string>(4, "late"));
}

TEST_F(AnnDataFixtures, DamageIsNamedWithFileAndPlace) {
  const std::pair<const char*, const char*> kCases[] = {
      {"bad_index", "X/indices: entry 4 is 3, outside of 0 to 2"},
      {"bad_negative_index", "X/indices: entry 0 is -1, outside of 0 to 2"},
      {"bad_huge_index", "X/indices: entry 0 is 2147483647, outside of 0 to 2"},
      {"bad_indptr", "X/indptr: has 3 entries; a matrix with 4 rows needs 5"},
      {"bad_indptr_end", "X/indptr: ends at 6, but there are 5 indices"},
      {"bad_indptr_order", "X/indptr: must start at 0 and never descend"},
      {"bad_data", "X/data: has 2 values, but there are 5 indices"},
      {"bad_twice", "X/indices: row 0 holds column 0 twice"},
      {"bad_nan", "X: cell 'c3', feature 'chr1:30-40': the value is nan"},
      {"bad_infinite", "X: cell 'c3', feature 'chr1:30-40': the value is inf"},
      {"bad_negative", "X: cell 'c4', feature 'chr1:10-20': the value is -0.5"},
      {"bad_text", "X/data: expected numbers, found something else"},
      {"bad_shape", "X: has no attribute 'h5sparse_shape'"},
      {"bad_encoding", "X: holds no matrix that is understood (encoding 'coo_matrix')"},
      {"bad_obs_length", "X: has 4 rows, but obs names 3 cells"},
      {"bad_column_length", "obs/n: has 2 entries for 4 rows"},
      {"bad_code", "obs/cell_type/codes: code 7 of entry 0 is outside of the 2 categories"},
      {"bad_dense", "X: has 2 columns, but var names 3 features"},
      {"bad_vector", "X: expected 2 dimensions, found 1"},
      {"bad_size", "X: claims 1000000000000 entries, but the file holds only 0 bytes"},
      {"missing_obs", "is not an AnnData file: there must be obs and var"},
      {"missing_var", "is not an AnnData file: there must be obs and var"},
      {"missing_X", "X: there is no such matrix; the file has: none"},
      {"missing_X_indices", "X/indices: there is no such dataset"},
      {"missing_X_indptr", "X/indptr: there is no such dataset"},
      {"missing_X_data", "X/data: there is no such dataset"},
      {"missing_obs__index", "obs/_index: the names of the rows are missing"},
      {"missing_obs_n", "obs/n: there is no such dataset"},
  };
  for (const auto& [name, message] : kCases) {
    SCOPED_TRACE(name);
    const auto path = at(fmt::format("{}.h5ad", name));
    const auto found = test::input_message([&] { read(path); });
    EXPECT_THAT(found, HasSubstr("reading " + path.string()));
    EXPECT_THAT(found, HasSubstr(message));
  }
}

TEST_F(AnnDataFixtures, ACutFileIsAnErrorAtAnyLength) {
  for (const auto* name : {"csr.h5ad", "compound_text.h5ad"}) {
    const auto bytes = test::slurp(at(name));
    for (size_t length = 0; length < bytes.size(); length += bytes.size() / 50) {
      test::put(at("cut.h5ad"), bytes.substr(0, length));
      EXPECT_THAT(test::input_message([] { read(at("cut.h5ad")); }), HasSubstr("cut.h5ad"));
    }
  }
}

RawModality random_modality(int fewest_columns = 0) {
  const auto rows = *rc::gen::inRange(0, 9);
  const auto columns = *rc::gen::inRange(fewest_columns, 7);
  RawModality modality;
  const auto table = [](int size, std::string_view prefix) {
    Frame frame;
    for (int i = 0; i < size; ++i) frame.index.push_back(fmt::format("{}{}", prefix, i));
    const auto count = static_cast<size_t>(size);
    frame.columns.push_back(
        {"text with / and α", *rc::gen::container<std::vector<std::string>>(
                                  count, rc::gen::element<std::string>("a", "b c", "ü", ""))});
    frame.columns.push_back({"own", *rc::gen::container<std::vector<std::string>>(
                                        count, rc::gen::string<std::string>())});
    for (auto& text : std::get<0>(frame.columns.back().values)) {
      std::erase(text, '\0');                         // C strings end there
      text = as_utf8(std::move(text)).value_or("?");  // bytes that are no UTF-8 become it
    }
    frame.columns.push_back({"whole", *rc::gen::container<std::vector<double>>(
                                          count, rc::gen::element(0.0, -3.0, 1e12))});
    frame.columns.push_back(
        {"real", *rc::gen::container<std::vector<double>>(
                     count, rc::gen::element(0.1, 1e300, -2.0, std::nan(""), HUGE_VAL))});
    return frame;
  };
  modality.obs = table(rows, "cell");
  modality.var = table(columns, "feature");
  auto& pattern = modality.values.pattern;
  pattern.rows = rows;
  pattern.columns = columns;
  for (int i = 0; i < rows; ++i) {
    for (int32_t j = 0; j < columns; ++j) {
      if (*rc::gen::arbitrary<bool>()) continue;
      pattern.indices.push_back(j);
      modality.values.values.push_back(*rc::gen::element(1.0f, 0.1f, 3e7f));
    }
    pattern.offsets.push_back(pattern.nonzeros());
  }
  return modality;
}

/// `write_h5ad` without its care for the disk, which would take most of the time of hundreds of
/// files.
void write_quickly(const fs::path& path, const RawModality& modality,
                   const std::function<void(const store::GroupWriter& group)>& fill) {
  const auto root = store::create(path);
  begin_anndata(root, modality.obs, modality.var);
  fill(root);
}

RC_GTEST_PROP(AnnDataWriting, ReadsBackTheSameTablesAndValues, ()) {
  const TempFolder folder;
  const auto modality = random_modality();
  write_quickly(folder / "a.h5ad", modality, [&](const store::GroupWriter& group) {
    write_matrix(group, "X", modality.values);
  });
  RC_ASSERT(test::describe(read(folder / "a.h5ad")) == test::describe(modality));
}

RC_GTEST_PROP(AnnDataWriting, BlocksOfRowsMakeTheWholeMatrix, ()) {
  const TempFolder folder;
  const auto modality = random_modality(1);
  const auto rows = static_cast<int32_t>(modality.values.rows());
  write_quickly(folder / "a.h5ad", modality, [&](const store::GroupWriter& group) {
    const auto columns = modality.values.columns();
    SparseRowsWriter sparse(group, "X", columns, SparseRowsWriter::Values::kFloat32);
    SparseRowsWriter ones(group, "layers/ones", columns, SparseRowsWriter::Values::kOnes);
    DenseRowsWriter dense(group, "layers/dense", columns);
    for (int32_t first = 0; first < rows;) {
      const int32_t count = *rc::gen::inRange(1, rows - first + 1);
      std::vector<int32_t> block;
      for (int32_t i = 0; i < count; ++i) block.push_back(first + i);
      const auto part = select_rows(modality.values, block);
      sparse.append(part);
      ones.append(part.pattern);
      dense.append(to_dense(part));
      first += count;
    }
    sparse.finish();
    ones.finish();
  });
  const auto expected = test::describe(modality);
  RC_ASSERT(test::describe(read(folder / "a.h5ad", "X")) == expected);
  RC_ASSERT(test::describe(read(folder / "a.h5ad", "dense")) == expected);
  const auto root = store::open(folder / "a.h5ad");
  const auto pattern = read_binary_matrix(root, "layers/ones");
  RC_ASSERT(pattern.indices == modality.values.pattern.indices);
  RC_ASSERT(pattern.offsets == modality.values.pattern.offsets);
}

RC_GTEST_PROP(MatrixRowsFromDisk, BlocksOfRowsAreTheRowsOfTheWhole, ()) {
  const TempFolder folder;
  const auto modality = random_modality(1);
  const auto columns = modality.values.columns();
  const auto rows = modality.values.rows();
  write_quickly(folder / "a.h5ad", modality, [&](const store::GroupWriter& group) {
    write_matrix(group, "X", modality.values);
    DenseRowsWriter dense(group, "layers/dense", columns);
    dense.append(to_dense(modality.values));
  });
  const auto root = store::open(folder / "a.h5ad");
  CsrMatrix block;  // used again and again
  for (const char* name : {"X", "layers/dense"}) {
    const auto whole = read_matrix(root, name);
    const MatrixRows stored(root, name);
    RC_ASSERT(stored.rows() == rows);
    RC_ASSERT(stored.columns() == columns);
    const auto first = *rc::gen::inRange<int64_t>(0, rows + 1);
    const auto last = *rc::gen::inRange<int64_t>(first, rows + 1);
    std::vector<int32_t> asked;
    for (int64_t row = first; row < last; ++row) asked.push_back(static_cast<int32_t>(row));
    const auto expected = select_rows(whole, asked);
    stored.read(first, last, block);
    RC_ASSERT(block.pattern.rows == last - first);
    RC_ASSERT(block.pattern.columns == columns);
    RC_ASSERT(block.pattern.offsets == expected.pattern.offsets);
    RC_ASSERT(block.pattern.indices == expected.pattern.indices);
    RC_ASSERT(block.values == expected.values);
    std::vector<float> dense(static_cast<size_t>((last - first) * columns), -1.0f);
    stored.read_dense(first, dense);
    RC_ASSERT(dense == to_dense(expected));
  }
}

TEST(AnnDataWriting, AnnDataReadsTheSame) {
  GRIDS_NEEDS_ANNDATA();
  const TempFolder folder;
  RawModality modality;
  modality.obs = {{"c1", "c2", "c3"},
                  {{"type", std::vector<std::string>{"T", "", "T"}},
                   {"free", std::vector<std::string>{"x", "α", "z"}},
                   {"n", std::vector<double>{1, 2, 3}},
                   {"score", std::vector<double>{0.5, std::nan(""), 1}}}};
  modality.var = {{"g1", "g2"}, {}};
  modality.values = {{3, 2, {0, 1, 1, 3}, {1, 0, 1}}, {0.25f, 3, 1e9f}};
  const auto path = folder / "a.h5ad";
  write_h5ad(path, modality.obs, modality.var, [&](const store::GroupWriter& group) {
    write_matrix(group, "X", modality.values);
    DenseRowsWriter dense(group, "layers/dense", 2);
    dense.append(to_dense(modality.values));
    DenseRowsWriter plain(group, "layers/plain", 2, 3);
    const auto values = to_dense(modality.values);
    plain.append(std::span(values).first(2));
    plain.append(std::span(values).subspan(2));
  });
  for (const auto* layer : {"", "dense", "plain"}) {
    const auto out = folder / "described";
    ASSERT_TRUE(test::run_python(fmt::format("{}/io/check_anndata.py {} / {} {}", GRIDS_TEST_DIR,
                                             path.string(), out.string(), layer)));
    EXPECT_EQ(test::slurp(out), test::describe(modality));
  }
}

TEST(AnnDataWriting, AFailureLeavesNoFile) {
  const TempFolder folder;
  const Frame uneven{{"c1"}, {{"n", std::vector<double>{1, 2}}}};
  EXPECT_THROW(write_h5ad(folder / "a.h5ad", uneven, {}, [](const store::GroupWriter&) {}), Error);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(AnnDataWriting, AColumnNeedsANameThatTheIndexDoesNotHave) {
  const TempFolder folder;
  for (const char* name : {"", "_index"}) {
    const Frame frame{{"c1"}, {{name, std::vector<double>{1}}}};
    try {
      write_h5ad(folder / "a.h5ad", frame, {}, [](const store::GroupWriter&) {});
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr(fmt::format("cannot be called '{}'", name)));
    }
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace grids::core
