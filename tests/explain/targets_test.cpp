#include "explain/targets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "explain/small_study.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;

std::string message(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST(Targets, NamesBecomeIndicesInOrderAndOnce) {
  const Study study = testing::small_study();
  const auto targets =
      find_targets(study, {{"B", "g3", 5}, {"all", "ENSG0", 7}, {"B", "g3", 5}, {"B", "g3", 6}});
  ASSERT_EQ(targets.size(), 3u);
  EXPECT_EQ(targets[0], (ExplainTarget{1, 3, 5}));
  EXPECT_EQ(targets[1], (ExplainTarget{std::nullopt, 0, 7}));
  EXPECT_EQ(targets[2], (ExplainTarget{1, 3, 6}));
  EXPECT_EQ(type_name(study, targets[0]), "B");
  EXPECT_EQ(type_name(study, targets[1]), "all");
}

TEST(Targets, EachIsEveryTypeInTurnAndAllIsTheirCellsTogether) {
  Study study = testing::small_study();
  const auto each = find_targets(study, {{"each", "g3", 5}});
  ASSERT_EQ(each.size(), study.cells.type.names.size());
  for (size_t i = 0; i < each.size(); ++i) EXPECT_EQ(each[i].type, static_cast<int32_t>(i));
  EXPECT_EQ(find_targets(study, {{"type:B", "g3", 5}})[0].type, study.cells.type.code_of("B"));
  // Types whose labels were such words are called so in a study.
  study.cells.type.names = {"each, or none", type_called("all"), type_called("each")};
  EXPECT_EQ(find_targets(study, {{"type:all", "g3", 5}})[0].type, 1);
  EXPECT_EQ(find_targets(study, {{"type:each", "g3", 5}})[0].type, 2);
  EXPECT_EQ(find_targets(study, {{"all", "g3", 5}})[0].type, std::nullopt);
  EXPECT_EQ(find_targets(study, {{"each, or none", "g3", 5}})[0].type, 0);
  EXPECT_EQ(type_name(study, find_targets(study, {{"type:all", "g3", 5}})[0]), "type:all");
}

TEST(Targets, EverythingThatIsWrongIsToldAtOnceWithCloseNames) {
  const Study study = testing::small_study();
  const auto text = message([&] {
    find_targets(study, {{"a-few", "g3", 5}, {"B", "G30", 5}, {"B", "g2", 71}, {"B", "xyz", 1}});
  });
  EXPECT_THAT(text, HasSubstr("no cell type 'a-few' (did you mean 'A few'?)"));
  EXPECT_THAT(text, HasSubstr("no gene 'G30' (did you mean 'g0', 'g3' or 'g10'?)"));
  EXPECT_THAT(text, HasSubstr("g2 in B: L = 71 is not between 1 and 70, the number of peaks"));
  EXPECT_THAT(text, HasSubstr("no gene 'xyz'"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("'xyz' (did")));
}

class TargetsFile : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& text) {
    const auto path = folder_ / "targets.tsv";
    std::ofstream(path) << text;
    return path;
  }

 private:
  test::TempFolder folder_;
};

TEST_F(TargetsFile, IsReadWithOrWithoutL) {
  const auto with = read_targets(write("gene\tcell_type\tL\ng1\tB\t12\ng2\tall\t3\n"), 10);
  ASSERT_EQ(with.size(), 2u);
  EXPECT_EQ(with[0].gene, "g1");
  EXPECT_EQ(with[0].set_size, 12);
  EXPECT_EQ(with[1].cell_type, "all");
  const auto without = read_targets(write("cell_type\tgene\nB\tg1\n"), 10);
  EXPECT_EQ(without[0].set_size, 10);
}

TEST_F(TargetsFile, WithABadLIsRefused) {
  for (const std::string bad : {"0", "2.5", "-1", "NA"}) {
    const auto path = write(fmt::format("cell_type\tgene\tL\nB\tg1\t{}\n", bad));
    EXPECT_THAT(message([&] { read_targets(path, 10); }), HasSubstr("no whole number")) << bad;
  }
  const auto empty = write("cell_type\tgene\tL\n");
  EXPECT_THAT(message([&] { read_targets(empty, 10); }), HasSubstr("names no targets"));
  const auto headless = write("type\tgene\nB\tg1\n");
  EXPECT_THAT(message([&] { read_targets(headless, 10); }), HasSubstr("cell_type"));
}

}  // namespace
}  // namespace grids::core
