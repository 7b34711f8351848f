#include "base/file_name.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace grids::core {
namespace {

TEST(FileName, KeepsPlainNamesAndSpellsOutTheRest) {
  EXPECT_EQ(safe_file_name("dex_0h"), "dex_0h");
  EXPECT_EQ(safe_file_name("CD4+ T/NK"), "CD4+~20T~2fNK");
  EXPECT_EQ(safe_file_name("β"), "~ce~b2");
  EXPECT_EQ(safe_file_name("../x"), "~2e.~2fx");
  EXPECT_EQ(safe_file_name("-rf"), "~2drf");
  EXPECT_EQ(safe_file_name(""), "~");
  EXPECT_EQ(safe_file_name("A_B", "_"), "A~5fB");
}

RC_GTEST_PROP(FileName, IsSafeAndKeepsDistinctNamesDistinct, ()) {
  const auto a = *rc::gen::container<std::string>(rc::gen::element('a', 'b', '/', ' ', '~', '\n'));
  const auto b = *rc::gen::container<std::string>(rc::gen::element('a', 'b', '/', ' ', '~', '\n'));
  for (const char c : safe_file_name(a)) RC_ASSERT(c > ' ' && c < 127 && c != '/');
  RC_ASSERT((safe_file_name(a) == safe_file_name(b)) == (a == b));
}

TEST(FileName, LongNamesStayShortAndDistinct) {
  std::set<std::string> names;
  for (int i = 0; i < 50; ++i) {
    const auto name =
        safe_file_name(std::string(static_cast<size_t>(60 + i), i % 2 ? '/' : 'x') + "tail");
    EXPECT_LE(name.size(), 100u);
    names.insert(name);
  }
  EXPECT_EQ(names.size(), 50u);
}

}  // namespace
}  // namespace grids::core
