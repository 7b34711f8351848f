// The programs beside grids: that they are told as missing before any work.
#include "pipeline/sibling.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string refusal(const std::filesystem::path& program) {
  try {
    require_program(program, "training");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "nothing";
}

TEST(RequireProgram, OneThatIsMissingIsToBeInstalled) {
  const test::TempFolder folder;
  EXPECT_THAT(refusal(folder.path() / "grids-torch"),
              AllOf(HasSubstr("training needs grids-torch"), HasSubstr("is not there"),
                    HasSubstr("beside grids"), HasSubstr("LibTorch")));
  EXPECT_THAT(refusal(folder.path() / "grids-tracks"),
              AllOf(HasSubstr("is not there"), Not(HasSubstr("LibTorch"))));
}

TEST(RequireProgram, OneThatMayNotBeExecutedIsNotCalledMissing) {
  const test::TempFolder folder;
  const auto program = folder.path() / "grids-torch";
  std::ofstream(program).put('\n');
  EXPECT_THAT(refusal(program), AllOf(HasSubstr("may not be executed"), HasSubstr("chmod +x"),
                                      Not(HasSubstr("LibTorch"))));
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  EXPECT_NO_THROW(require_program(program, "training"));
}

}  // namespace
}  // namespace grids::core
