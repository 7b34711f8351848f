/// The commands over objects: what they say of their options, cells that are in memory, tables, and
/// models that are two functions. python/tests compares every table with the command line's.
#include "grids/commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

fs::path kept_file(const std::string& name) {
  return fs::path(GRIDS_TEST_DIR) / "fixtures/version_2/run" / name;
}

std::string thrown_by(const std::function<void()>& call) {
  try {
    call();
  } catch (const grids::Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

const grids::Table& named(const std::vector<grids::Table>& tables, const std::string& file) {
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const grids::Table& table) { return table.file == file; });
  if (found == tables.end()) throw std::runtime_error("no table " + file);
  return *found;
}

TEST(Commands, OptionsAreDescribedWithDefaultsAndWithoutFiles) {
  const auto options = grids::options_of("explain");
  const auto of = [&](const std::string& name) {
    return std::find_if(options.begin(), options.end(),
                        [&](const grids::OptionText& option) { return option.name == name; });
  };
  ASSERT_NE(of("set-size"), options.end());
  EXPECT_EQ(of("set-size")->standard, std::vector<std::string>{"10"});
  EXPECT_EQ(of("set-size")->range, "at least 1");
  EXPECT_THAT(of("direction")->choices, UnorderedElementsAre("auto", "down", "up"));
  EXPECT_EQ(of("shard"), options.end());
  EXPECT_EQ(of("out"), options.end());
  EXPECT_THAT(thrown_by([] { grids::options_of("explian"); }), HasSubstr("did you mean 'explain'"));
}

/// The same targets, by name and as a list: one question.
TEST(Commands, TablesAreThoseOfTheStage) {
  grids::Session session;
  const auto study = grids::Study::read(kept_file("study.h5mu"));
  const auto surrogate = grids::Surrogate::read(kept_file("surrogate-cis.safetensors"));
  const grids::Options judged = {
      {"min-test-cells", 20}, {"random-sets", 10}, {"force", true}, {"set-size", 4}};
  auto asked = judged;
  asked.emplace_back("cell-type", "T");
  asked.emplace_back("gene", "BCL11B");
  const auto tables = grids::explain_tables(study, surrogate, asked, session);
  const auto found = grids::explain(study, surrogate, {{"T", "BCL11B", 4}}, judged, session);
  EXPECT_EQ(named(tables, "subsets.tsv").rows, named(found.tables, "subsets.tsv").rows);
  EXPECT_EQ(named(tables, "redundancy.tsv").rows, named(found.tables, "redundancy.tsv").rows);
  for (const char* file : {"links.tsv", "loci.tsv", "locus_genes.tsv", "evidence.tsv"}) {
    EXPECT_FALSE(named(tables, file).rows.empty()) << file;
  }
}

TEST(Commands, EveryPeakMaskedIsTheSameOfOneGeneAndOfAll) {
  grids::Session session;
  const auto study = grids::Study::read(kept_file("study.h5mu"));
  const auto surrogate = grids::Surrogate::read(kept_file("surrogate-cis.safetensors"));
  const auto one =
      grids::knock_out_all(study, surrogate, {{"cell-type", "T"}, {"gene", "BCL11B"}}, session);
  const auto changes = grids::knock_out(study, surrogate, "T", "BCL11B", {}, session);
  ASSERT_EQ(one.rows.peak.size(), changes.size());
  for (size_t i = 0; i < changes.size(); ++i) {
    const auto& change = changes[static_cast<size_t>(one.rows.peak[i])];
    EXPECT_EQ(one.rows.change[i], static_cast<float>(change.change));
    EXPECT_EQ(one.rows.open_cells[i], change.open_cells);
  }
  EXPECT_TRUE(std::is_sorted(one.rows.change.begin(), one.rows.change.end()));
  const auto all =
      grids::knock_out_all(study, surrogate, {{"cell-type", "each"}, {"all-genes", true}}, session);
  EXPECT_TRUE(all.is_matrix);
  EXPECT_EQ(all.matrices.size(), study.cell_types().size());
}

// ---- cells in memory ----

template <typename T>
std::shared_ptr<grids::StoredArray> array_of(const std::vector<T>& entries,
                                             std::vector<int64_t> shape) {
  auto array = std::make_shared<grids::StoredArray>();
  array->shape = std::move(shape);
  if constexpr (std::is_same_v<T, std::string>) {
    array->entries = entries;
  } else {
    auto kept = std::make_shared<std::vector<T>>(entries);
    array->entries = std::span<const T>(*kept);
    array->owner = kept;
  }
  return array;
}

std::shared_ptr<grids::StoredGroup> frame_of(const std::vector<std::string>& index) {
  auto frame = std::make_shared<grids::StoredGroup>();
  frame->attributes["encoding-type"] = std::vector<std::string>{"dataframe"};
  frame->attributes["_index"] = std::vector<std::string>{"_index"};
  frame->attributes["column-order"] = std::vector<std::string>{};
  frame->arrays["_index"] = array_of(index, {std::ssize(index)});
  return frame;
}

std::shared_ptr<grids::StoredGroup> modality_of(const std::vector<std::string>& features,
                                                const std::vector<float>& dense) {
  auto group = std::make_shared<grids::StoredGroup>();
  group->groups["obs"] = frame_of({"cell_a", "cell_b"});
  group->groups["var"] = frame_of(features);
  group->arrays["X"] = array_of(dense, {2, std::ssize(features)});
  return group;
}

std::shared_ptr<grids::StoredGroup> multiome() {
  auto root = std::make_shared<grids::StoredGroup>(), mod = std::make_shared<grids::StoredGroup>();
  mod->groups["rna"] = modality_of({"A", "B", "C"}, {1, 0, 2, 0, 3, 0});
  mod->groups["atac"] = modality_of({"chr1:10-20", "chr1:30-40"}, {1, 0, 0, 1});
  root->groups["mod"] = mod;
  return root;
}

TEST(Commands, CellsInMemoryAreReadAsAFileIs) {
  grids::Session session;
  const auto cells = grids::read_cells(multiome(), "mine", {}, session);
  const auto [rna, atac] = grids::raw_cells(cells);
  EXPECT_EQ(rna.barcodes, (std::vector<std::string>{"cell_a", "cell_b"}));
  EXPECT_EQ(rna.features, (std::vector<std::string>{"A", "B", "C"}));
  EXPECT_EQ(rna.counts.offsets, (std::vector<int64_t>{0, 2, 3}));
  EXPECT_EQ(rna.counts.indices, (std::vector<int32_t>{0, 2, 1}));
  EXPECT_EQ(rna.counts.values, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(atac.counts.indices, (std::vector<int32_t>{0, 1}));
}

TEST(Commands, WhatIsWrongWithCellsInMemoryNamesThemAndThePlace) {
  grids::Session session;
  auto root = multiome();
  auto array = std::make_shared<grids::StoredArray>(
      *root->groups.at("mod")->groups.at("rna")->arrays.at("X"));
  array->shape = {2, 4};
  auto rna = std::make_shared<grids::StoredGroup>(*root->groups.at("mod")->groups.at("rna"));
  rna->arrays["X"] = array;
  auto mod = std::make_shared<grids::StoredGroup>(*root->groups.at("mod"));
  mod->groups["rna"] = rna;
  root->groups["mod"] = mod;
  EXPECT_THAT(thrown_by([&] { grids::read_cells(root, "mine", {}, session); }),
              HasSubstr("mine: mod/rna/X: 6 entries, its shape says 8"));
  EXPECT_THAT(thrown_by([&] {
                grids::read_cells(std::make_shared<grids::StoredGroup>(), "mine", {}, session);
              }),
              HasSubstr("mine"));
}

// ---- models of one's own ----

constexpr int64_t kFeatures = 12;

/// Output 0: features 2 and 7 times 3, others times 0.1; output 1: minus that.
grids::OwnModel linear() {
  const auto weight = [](int64_t j) { return j == 2 || j == 7 ? 3.0f : 0.1f; };
  grids::OwnModel model;
  model.name = "linear";
  model.outputs = 2;
  model.predict = [weight](std::span<const float> rows, int64_t count, std::span<float> out) {
    for (int64_t i = 0; i < count; ++i) {
      float sum = 0;
      for (int64_t j = 0; j < kFeatures; ++j) {
        sum += weight(j) * rows[static_cast<size_t>(i * kFeatures + j)];
      }
      out[static_cast<size_t>(2 * i)] = sum;
      out[static_cast<size_t>(2 * i + 1)] = -sum;
    }
  };
  model.gradient = [weight](std::span<const float>, std::span<const float> cotangent, int64_t count,
                            std::span<float> slopes) {
    for (int64_t i = 0; i < count; ++i) {
      const auto at = static_cast<size_t>(2 * i);
      for (int64_t j = 0; j < kFeatures; ++j) {
        slopes[static_cast<size_t>(i * kFeatures + j)] =
            weight(j) * (cotangent[at] - cotangent[at + 1]);
      }
    }
  };
  return model;
}

grids::OwnRows ones() {
  grids::OwnRows rows;
  rows.rows = 40;
  rows.features = kFeatures;
  rows.values.assign(static_cast<size_t>(rows.rows * rows.features), 1.0f);
  return rows;
}

/// Each method that can be asked finds the two features that carry the output.
TEST(Commands, AModelOfTwoFunctionsIsSearchedByEveryMethod) {
  grids::Session session;
  for (const char* method :
       {"grids", "grids-beam", "greedy", "knockout", "saliency", "smoothgrad"}) {
    const auto tables = grids::explain_model(
        linear(), ones(), {{"output", 0}, {"set-size", 2}, {"method", method}}, session);
    std::vector<std::string> features;
    for (const auto& row : named(tables, "subset.tsv").rows) features.push_back(row[1]);
    EXPECT_THAT(features, UnorderedElementsAre("2", "7")) << method;
  }
}

TEST(Commands, AModelWithoutGradientsIsToldWhichMethodsNeedNone) {
  grids::Session session;
  auto model = linear();
  model.gradient = {};
  EXPECT_THAT(thrown_by([&] {
                grids::explain_model(model, ones(), {{"output", 0}, {"set-size", 2}}, session);
              }),
              HasSubstr("greedy"));
}

TEST(Commands, RowsThatDoNotFitAreRefused) {
  grids::Session session;
  auto rows = ones();
  rows.values.pop_back();
  EXPECT_THAT(thrown_by([&] {
                grids::explain_model(linear(), rows, {{"output", 0}}, session);
              }),
              HasSubstr("479 values for 40 rows × 12 features"));
}

}  // namespace
