#include "base/process.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace grids::core {
namespace {

TEST(ProcessMark, TellsTheLivingFromTheDeadAndFromThoseElsewhere) {
  const ProcessMark own = this_process();
  EXPECT_EQ(life_of(own), Life::kAlive);
  ProcessMark later = own;
  later.start += "1";
  EXPECT_EQ(life_of(later), Life::kDead) << "the same number, given out at another time";
  ProcessMark elsewhere = own;
  elsewhere.place = "0123456789abcdef";
  EXPECT_EQ(life_of(elsewhere), Life::kElsewhere);
}

TEST(ProcessMark, AProcessThatEndedIsDeadAlsoBeforeItIsBuried) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    ::close(ends[1]);
    ::_exit(static_cast<int>(::read(ends[0], &byte, 1)));
  }
  const ProcessMark mark = mark_of(child);
  EXPECT_EQ(life_of(mark), Life::kAlive);
  ::close(ends[1]);
  siginfo_t info = {};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(life_of(mark), Life::kDead);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(life_of(mark), Life::kDead);
}

TEST(ProcessMark, IsReadFromItsWord) {
  ProcessMark own = this_process();
  own.host.clear();  // for people only
  EXPECT_EQ(mark_from(own.word()), own);
  for (const char* text : {"", "a-b", "a-x-1.2", "a--3", "results"}) {
    EXPECT_FALSE(mark_from(text)) << text;
  }
}

}  // namespace
}  // namespace grids::core
