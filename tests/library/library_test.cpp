/// The library as a program of someone else uses it, on the cells and surrogates kept in fixtures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

#include "grids/grids.hpp"

namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::SizeIs;

fs::path fixture(const fs::path& name) {
  return fs::path(GRIDS_TEST_DIR) / "fixtures" / name;
}

grids::Options preparing() {
  return {{"labels", "cell_type"},
          {"genes", fixture("pbmc/genes.bed")},
          {"min-genes", 5},
          {"min-peaks", 3},
          {"min-rna-counts", 10}};
}

grids::Options explaining() {
  return {{"min-test-cells", 20}, {"random-sets", 10}, {"force", true}};
}

grids::Study prepared(grids::Session& session) {
  return grids::prepare(grids::read_cells(fixture("pbmc/cells.h5mu"), {}, session), preparing(),
                        session);
}

grids::Study kept_study() {
  return grids::Study::read(fixture("version_2/run/study.h5mu"));
}

grids::Surrogate kept() {
  return grids::Surrogate::read(fixture("version_2/run/surrogate-cis.safetensors"));
}

const std::vector<grids::Target> kTargets = {{"Mono_DC", "SLC8A1", 4}, {"T", "BCL11B", 4}};

/// The text of everything but what differs between two runs.
std::string text_of(const grids::Explanation& explanation) {
  std::string text;
  for (const auto& table : explanation.tables) {
    if (table.file == "timings.tsv") continue;
    text += table.file + "\n";
    for (const auto& row : table.rows) {
      for (const auto& cell : row) text += cell + "\t";
      text += "\n";
    }
  }
  return text;
}

/// The message of what is thrown, which must be of this kind.
std::string refusal(grids::ErrorKind kind, const std::function<void()>& call) {
  try {
    call();
  } catch (const grids::Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

TEST(Library, FromFilesToASet) {
  grids::Session session;
  const grids::Study study = prepared(session);  // that which the surrogate was trained on
  EXPECT_EQ(study.barcodes(), kept_study().barcodes());
  const auto found = grids::explain(study, kept(), kTargets, explaining(), session);
  ASSERT_THAT(found.sets, SizeIs(2));
  for (size_t i = 0, row = 0; i < 2; ++i) {
    const auto& set = found.sets[i];
    EXPECT_EQ(set.target.gene, kTargets[i].gene);
    EXPECT_EQ(set.target.cell_type, kTargets[i].cell_type);
    EXPECT_THAT(set.peaks, SizeIs(AllOf(Ge(1u), Le(4u))));  // L is the largest size
    EXPECT_EQ(set.domain, "cis");
    EXPECT_TRUE(set.unconfirmed);
    EXPECT_LT(set.relative_change, 0);
    EXPECT_GE(set.test_cells, 20);
    // The table says the same.
    const auto& subsets = found.tables.front();
    EXPECT_EQ(subsets.file, "subsets.tsv");
    EXPECT_EQ(subsets.rows.at(row).at(5), set.peaks.front());
    row += set.peaks.size();
  }
}

TEST(Library, TwoThreadsAtOnceFindWhatEachFindsAlone) {
  const auto whole_way = [](uint64_t seed) {
    grids::Session preparing_session({.seed = 1, .threads = 2});
    const grids::Study study = prepared(preparing_session);
    grids::Session session({.seed = seed, .threads = 2});
    return text_of(grids::explain(study, kept(), kTargets, explaining(), session));
  };
  const std::string alone[] = {whole_way(1), whole_way(2)};
  std::string together[2];
  {
    std::jthread one([&] { together[0] = whole_way(1); });
    std::jthread other([&] { together[1] = whole_way(2); });
  }
  EXPECT_EQ(together[0], alone[0]);
  EXPECT_EQ(together[1], alone[1]);
  EXPECT_NE(alone[0], alone[1]);  // the random sets are others
}

TEST(Library, CellsInMemoryGiveTheStudyThatTheirFileGives) {
  grids::Session session;
  const grids::Study from_file = prepared(session);
  // What was kept by the first pass goes in again, as counts of the same cells.
  grids::CellsInMemory cells;
  cells.barcodes = from_file.barcodes();
  for (const int32_t type : from_file.type_of_cell()) {
    cells.labels.push_back(from_file.cell_types().at(static_cast<size_t>(type)));
    cells.batches.push_back(cells.batches.size() % 3 == 0 ? "second" : "first");
  }
  cells.gene_names = from_file.genes();
  cells.peak_names = from_file.peaks();
  const auto open = from_file.open();
  cells.atac = {{open.offsets.begin(), open.offsets.end()},
                {open.indices.begin(), open.indices.end()},
                std::vector<float>(open.indices.size(), 1.0f)};
  const auto expression = from_file.expression();
  cells.rna = {{expression.offsets.begin(), expression.offsets.end()},
               {expression.indices.begin(), expression.indices.end()},
               {expression.values.begin(), expression.values.end()}};
  const grids::Study again =
      grids::prepare(grids::Cells(std::move(cells)), {{"keep-all", true}}, session);
  EXPECT_EQ(again.cell_types(), from_file.cell_types());
  EXPECT_THAT(from_file.batches(), ::testing::IsEmpty());
  EXPECT_THAT(again.batches(), ::testing::ElementsAre("first", "second"));
  EXPECT_EQ(again.peaks(), from_file.peaks());
  EXPECT_EQ(again.genes(), from_file.genes());
  const auto row_of = [](const grids::SparseRows& rows, int64_t row) {
    const auto begin = static_cast<size_t>(rows.offsets[static_cast<size_t>(row)]);
    const auto end = static_cast<size_t>(rows.offsets[static_cast<size_t>(row) + 1]);
    return rows.indices.subspan(begin, end - begin);
  };
  ASSERT_EQ(again.rows_in_file().size(), from_file.barcodes().size());
  for (size_t cell = 0; cell < again.barcodes().size(); ++cell) {
    const int64_t before = again.rows_in_file()[cell];
    EXPECT_EQ(again.barcodes()[cell], from_file.barcodes()[static_cast<size_t>(before)]);
    EXPECT_THAT(row_of(again.open(), static_cast<int64_t>(cell)),
                ::testing::ElementsAreArray(row_of(open, before)));
  }
}

TEST(Library, CellsThatDoNotFitAreRefusedByName) {
  grids::CellsInMemory cells;
  cells.barcodes = {"a", "b"};
  cells.labels = {"T"};
  cells.batches = {"one", "one", "two"};
  cells.gene_names = {"G"};
  cells.peak_names = {"chr1:1-5", "chr1:9-12"};
  cells.rna = {{0, 1, 1}, {1}, {2}};
  cells.atac = {{0, 2, 3}, {1, 0, 1}, {1, 1, 1}};
  const auto said =
      refusal(grids::ErrorKind::kInput, [&] { const grids::Cells made(std::move(cells)); });
  EXPECT_THAT(said,
              AllOf(HasSubstr("rna: index 1 of cell 0"), HasSubstr("atac: indices of cell 0"),
                    HasSubstr("labels: 1 for 2 barcodes"), HasSubstr("batches: 3 for 2 barcodes")));
}

TEST(Library, AKnockOutIsWhatPredictingWithoutThePeakSays) {
  grids::Session session;
  const grids::Study study = kept_study();
  const grids::Surrogate surrogate = kept();
  const auto changes = grids::knock_out(study, surrogate, "T", "CD8A", {}, session);
  ASSERT_THAT(changes, SizeIs(study.peaks().size()));
  const auto strongest =
      std::min_element(changes.begin(), changes.end(),
                       [](const auto& a, const auto& b) { return a.change < b.change; });
  std::vector<int32_t> cells;
  for (int32_t cell = 0; cell < static_cast<int32_t>(study.barcodes().size()); ++cell) {
    const auto& type =
        study.cell_types()[static_cast<size_t>(study.type_of_cell()[static_cast<size_t>(cell)])];
    if (type == "T" && study.part_of_cell(cell) == grids::CellPart::kTest) cells.push_back(cell);
  }
  const auto gene =
      std::find(study.genes().begin(), study.genes().end(), "CD8A") - study.genes().begin();
  const auto mean = [&](std::span<const int32_t> masked) {
    const auto predicted = grids::predict(study, surrogate, cells, masked, session);
    double sum = 0;
    for (int64_t row = 0; row < predicted.rows; ++row) {
      sum += double{predicted.values[static_cast<size_t>(row * predicted.columns + gene)]};
    }
    return sum / static_cast<double>(predicted.rows);
  };
  const int32_t masked[] = {static_cast<int32_t>(strongest->peak)};
  EXPECT_LT(strongest->change, 0);
  EXPECT_NEAR(strongest->change, mean(masked) - mean({}), 1e-6);
}

TEST(Library, ResultsBecomeAFolderAndAPage) {
  const fs::path folder = fs::temp_directory_path() / "grids_library_page";
  fs::remove_all(folder);
  grids::Session session;
  const grids::Study study = kept_study();
  const auto judged = grids::evaluate(study, kept(), {{"markers-per-type", 1}}, session);
  EXPECT_THAT(judged.markers, SizeIs(study.cell_types().size()));
  grids::write(judged.tables, folder);
  auto options = explaining();
  options.emplace_back("set-size", 3);
  const auto found = grids::explain(study, kept(), judged.markers, options, session);
  EXPECT_THAT(found.sets.at(0).peaks, SizeIs(3));
  grids::write(found.tables, folder);
  grids::write(grids::map_cells(study, kept(), {"BCL11B"}, session), folder);
  const fs::path page = grids::report(folder, {{"title", "A page of the library"}}, session);
  std::ifstream file(page);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_THAT(text, AllOf(HasSubstr("A page of the library"), HasSubstr("BCL11B")));
  fs::remove_all(folder);
}

TEST(Library, OptionsAreCheckedByName) {
  grids::Session session;
  const grids::Study study = kept_study();
  const auto refused = [&](const grids::Options& options) {
    return refusal(grids::ErrorKind::kUsage,
                   [&] { grids::explain(study, kept(), kTargets, options, session); });
  };
  EXPECT_THAT(refused({{"set-sise", 3}}), AllOf(HasSubstr("set-sise"), HasSubstr("set-size")));
  EXPECT_THAT(refused({{"set-size", 0}}), HasSubstr("at least 1"));
  EXPECT_THAT(refused({{"set-size", 3}, {"set-size", 4}}), HasSubstr("2 times"));
  EXPECT_THAT(refusal(grids::ErrorKind::kInput,
                      [&] {
                        grids::explain(study, kept(), {{"T", "BCL11C", 3}}, {}, session);
                      }),
              HasSubstr("BCL11B"));
}

TEST(Library, ASurrogateOfOtherPeaksIsRefused) {
  grids::Session session({.seed = 2});  // another split, which keeps other peaks
  const grids::Study other = prepared(session);
  EXPECT_THAT(refusal(grids::ErrorKind::kInput,
                      [&] { grids::explain(other, kept(), kTargets, explaining(), session); }),
              HasSubstr("peaks only in the surrogate"));
}

TEST(Library, TheCisPathIsFittedKeptAndTakenAway) {
  grids::Session session;
  const grids::Study study = kept_study();
  const auto alone = grids::Surrogate::read(fixture("version_2/run/surrogate.safetensors"));
  EXPECT_FALSE(alone.has_cis());
  const auto with = grids::fit_cis(study, alone, {{"gate-fdr", 0.5}}, session);
  EXPECT_TRUE(with.has_cis());
  const fs::path file = fs::temp_directory_path() / "grids_library.safetensors";
  with.write(file);
  const std::vector<int32_t> cells = {0, 1, 2};
  const auto values = [&](const grids::Surrogate& surrogate) {
    return grids::predict(study, surrogate, cells, {}, session).values;
  };
  EXPECT_EQ(values(grids::Surrogate::read(file)), values(with));
  EXPECT_EQ(values(with.without_cis()), values(alone));
  EXPECT_NE(values(with), values(alone));
  fs::remove(file);
}

TEST(Library, AStageThatIsToldToStopStops) {
  grids::Session session;
  const grids::Study study = kept_study();
  session.stop();
  refusal(grids::ErrorKind::kCancelled,
          [&] { grids::explain(study, kept(), kTargets, explaining(), session); });
}

TEST(Library, MessagesGoToTheCallerAndNowhereElse) {
  std::string told;
  grids::Session session({.on_info = [&](std::string_view text) { told.append(text) += '\n'; }});
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  prepared(session);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(told, HasSubstr("cells.h5mu"));
}

TEST(Library, TrainingRunsTheProgramThatIsNamed) {
  // A stand-in that refuses, in the words and with the exit code of grids-torch.
  const fs::path program = fs::temp_directory_path() / "grids_library_trainer.sh";
  {
    std::ofstream script(program);
    script << "#!/bin/sh\necho \"grids-torch: $1 $2 refused\" >&2\nexit 3\n";
  }
  fs::permissions(program, fs::perms::owner_all);
  std::string told;
  grids::Session session(
      {.on_info = [&](std::string_view text) { told.append(text) += '\n'; }, .trainer = program});
  const grids::Study study = prepared(session);
  const auto said = refusal(grids::ErrorKind::kInput, [&] {
    grids::train(study, {{"max-steps", 3}}, session);
  });
  EXPECT_THAT(said, AllOf(HasSubstr("grids-torch: train "), HasSubstr("study.h5mu refused")));
  EXPECT_THAT(told, HasSubstr("refused"));
  EXPECT_THAT(refusal(grids::ErrorKind::kUsage,
                      [&] {
                        grids::train(study, {{"max-step", 3}}, session);
                      }),
              HasSubstr("max-steps"));
  fs::remove(program);
}

}  // namespace
