#include "base/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/goes_with_program.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

enum class Goal { kDown, kUp };

struct Seen {
  std::filesystem::path study;
  double beta = 0;
  int steps = 10;
  std::optional<int64_t> cap;
  std::vector<std::string> genes;
  std::vector<int64_t> sizes = {10};
  Goal goal = Goal::kDown;
  bool all = false;
  std::vector<std::string> told;
  uint64_t seed = 0;
  int runs = 0;
};

int run(
    Seen& seen, std::vector<std::string> arguments, const std::function<void()>& body = [] {}) {
  const Command command{"fit", "Fits", "  tool fit a.h5mu", [&](OptionSet& options) -> CommandBody {
                          options.value("study", seen.study, "Study", OptionSet::Need::kRequired);
                          options.section("fitting");
                          options.value("--beta", seen.beta, "Weight", at_least(0));
                          options.value("-n,--steps", seen.steps, "Steps");
                          options.section("");
                          options.value("--cap", seen.cap, "Cap");
                          options.list("--genes", seen.genes, "Genes");
                          options.list("--sizes", seen.sizes, "Sizes", at_least(1));
                          options.choice<Goal>("--goal", seen.goal,
                                               {{"down", Goal::kDown}, {"up", Goal::kUp}},
                                               "Direction");
                          options.flag("--all", seen.all, "All");
                          return [&](const Context& context) {
                            ++seen.runs;
                            seen.seed = context.seed;
                            seen.told = context.reporter.words();
                            body();
                          };
                        }};
  arguments.insert(arguments.begin(), "tool");
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  const Command other{"draw", "Draws", "", [](OptionSet& options) -> CommandBody {
                        auto paper = std::make_shared<std::string>();
                        options.value("--paper", *paper, "Paper");
                        return [paper](const Context&) {};
                      }};
  return run_program({"tool", "A tool", ""}, {command, other}, static_cast<int>(argv.size()),
                     argv.data());
}

std::string message(const std::vector<std::string>& arguments, int code = 2) {
  Seen seen;
  ::testing::internal::CaptureStderr();
  const int returned = run(seen, arguments);
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(returned, code) << text;
  EXPECT_EQ(seen.runs, 0);
  return text;
}

class ConfigFile : public ::testing::Test {
 protected:
  std::string write(const std::string& text) {
    std::ofstream(path_) << text;
    return path_.string();
  }
  void TearDown() override { std::filesystem::remove(path_); }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / fmt::format("grids_config_{}.toml", ::getpid());
};

TEST(Program, OptionsReachTheCommand) {
  Seen seen;
  EXPECT_EQ(
      run(seen, {"fit",     "a.h5mu", "--beta",  "0.5",     "-n",     "3",      "--cap", "7",
                 "--genes", "A,B",    "--genes", "C",       "D",      "--goal", "up",    "--all",
                 "--seed",  "9",      "-q",      "--sizes", "10,128", "5"}),
      0);
  EXPECT_EQ(seen.runs, 1);
  EXPECT_EQ(seen.study, "a.h5mu");
  EXPECT_EQ(seen.beta, 0.5);
  EXPECT_EQ(seen.steps, 3);
  EXPECT_EQ(seen.cap, 7);
  EXPECT_THAT(seen.genes, ElementsAre("A,B", "C", "D")) << "cut where the names are known";
  EXPECT_THAT(seen.sizes, ElementsAre(10, 128, 5));
  EXPECT_EQ(seen.goal, Goal::kUp);
  EXPECT_TRUE(seen.all);
  EXPECT_THAT(seen.told, ElementsAre("--quiet"));
  EXPECT_EQ(seen.seed, 9u);
}

TEST(Program, LicencesArePrintedWhereThereIsAPage) {
  const auto outcome = [](const ProgramText& text) {
    char name[] = "tool";
    char option[] = "--licences";
    char* argv[] = {name, option};
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = run_program(text, {}, 2, argv);
    return fmt::format("{} {}{}", code, ::testing::internal::GetCapturedStdout(),
                       ::testing::internal::GetCapturedStderr());
  };
  EXPECT_EQ(outcome({"tool", "A tool", "", [] { return "zlib: Zlib"; }}), "0 zlib: Zlib\n");
  EXPECT_THAT(outcome({"tool", "A tool", ""}), HasSubstr("'--licences'"));
}

TEST_F(ConfigFile, IsTheSameAsTheFlags) {
  const auto path = write(
      "seed = 4\nquiet = true\n[fit]\ngoal = \"up\"\ngenes = [\"A\", \"B\"]\nall = true\n"
      "sizes = 7\n[fitting]\nbeta = 0.25\nsteps = 3\n[draw]\npaper = \"a4\"\n");
  Seen seen;
  EXPECT_EQ(run(seen, {"fit", "a.h5mu", "--config", path, "--beta", "2"}), 0);
  EXPECT_EQ(seen.seed, 4u);
  EXPECT_THAT(seen.told, ElementsAre("--quiet"));
  EXPECT_EQ(seen.beta, 2) << "flags win over the file";
  EXPECT_EQ(seen.steps, 3) << "a stage's section";
  EXPECT_EQ(seen.goal, Goal::kUp);
  EXPECT_TRUE(seen.all);
  EXPECT_THAT(seen.genes, ElementsAre("A", "B"));
  EXPECT_THAT(seen.sizes, ElementsAre(7));
  Seen again;
  EXPECT_EQ(run(again, {"fit", "a.h5mu", "--config", write("[fit]\nbeta = 3\nn = 8\n")}), 0);
  EXPECT_EQ(again.beta, 3) << "the command's own section takes every flag";
  EXPECT_EQ(again.steps, 8) << "and letter";
}

TEST_F(ConfigFile, WhatIsUnknownIsToldWithLineAndSuggestion) {
  const auto text = message({"fit", "a", "--config",
                             write("sede = 1\n[fit]\nbetta = 1\n[fitting]\nnix = 1\n[draw]\n"
                                   "papre = 1\n[darw]\npaper = 1\n")});
  EXPECT_THAT(text, HasSubstr("line 1: there is no option 'sede' above the first [section] (did "
                              "you mean 'seed'?)"));
  EXPECT_THAT(text, HasSubstr("line 3: there is no option 'betta' in [fit] (did you mean 'beta'"));
  EXPECT_THAT(text, HasSubstr("line 5: there is no option 'nix' in [fitting] (there are: beta, "
                              "steps)"));
  EXPECT_THAT(text, HasSubstr("line 7: there is no option 'papre' in [draw] (did you mean "
                              "'paper'?)"))
      << "of a command that does not run";
  EXPECT_THAT(text, HasSubstr("there is no section [darw] (did you mean 'draw'?)"));
  EXPECT_THAT(message({"fit", "a", "--config", write("[fit]\nseed = 2\n")}),
              HasSubstr("'seed' is for every command and stands above the first [section]"));
  EXPECT_THAT(message({"fit", "a", "--config", write("beta = 2\n")}),
              HasSubstr("(it is one of [fit], [fitting])"));
}

TEST_F(ConfigFile, GivesAnOptionOnce) {
  EXPECT_THAT(message({"fit", "a", "--config", write("[fit]\nbeta = 1\nbeta = 2\n")}),
              HasSubstr("line 3"));
  EXPECT_THAT(message({"fit", "a", "--config", write("[fit]\nbeta = 1\n[fitting]\nbeta = 2\n")}),
              HasSubstr("line 4: --beta is given a second time, after --config"));
  EXPECT_THAT(message({"fit", "a", "--config", write("[fit]\nbeta = [1, 2]\n")}),
              HasSubstr("line 2: --beta is given 2 times (1, 2), and takes one value"));
}

TEST_F(ConfigFile, SaysWhatIsNoTomlAndWhatCannotBeRead) {
  EXPECT_THAT(message({"fit", "a", "--config", write("[fit]\ngoal = up\n")}),
              HasSubstr("line 2: "));
  EXPECT_THAT(message({"fit", "a", "--config", write("[fit]\ngoal = {a = 1}\n")}),
              HasSubstr("holds neither a text nor a number"));
  EXPECT_THAT(message({"fit", "a", "--config", "/no/such.toml"}, 3), HasSubstr("/no/such.toml"));
}

TEST(Program, AllWrongOptionsAreToldAtOnce) {
  const auto text = message({"fit", "--beta", "much", "--steps", "1.5", "--goal", "sideways",
                             "--bogus", "--cap", "x", "--sizes", "0", "--threads", "-1"});
  EXPECT_THAT(text, HasSubstr("--beta: 'much' is not a number"));
  EXPECT_THAT(text, HasSubstr("'1.5' is not a whole number"));
  EXPECT_THAT(text, HasSubstr("--goal: 'sideways' is none of: down, up"));
  EXPECT_THAT(text, HasSubstr("--cap: 'x' is not a whole number"));
  EXPECT_THAT(text, HasSubstr("--sizes must be at least 1, not 0"));
  EXPECT_THAT(text, HasSubstr("--threads must be at least 0 and at most 4096, not -1"));
  EXPECT_THAT(text, HasSubstr("study is required"));
  EXPECT_THAT(text, HasSubstr("'--bogus'"));
}

TEST(Program, AnOptionThatIsNoListIsGivenOnce) {
  EXPECT_THAT(message({"fit", "a", "--goal", "up", "--goal", "down"}),
              HasSubstr("--goal is given 2 times (up, down), and takes one value; give it once"));
  EXPECT_THAT(message({"fit", "a", "--all", "--all"}), HasSubstr("--all is given 2 times;"));
  EXPECT_THAT(message({"fit", "a", "-n", "1", "--steps", "1"}), HasSubstr("--steps is given 2"));
  EXPECT_THAT(message({"fit", "a", "--seed", "1", "--seed", "1"}), HasSubstr("--seed is given 2"));
}

TEST(Program, AListThatTookAFileSaysWhereTwoDashesGo) {
  EXPECT_THAT(message({"fit", "--genes", "A", "B", "a.h5mu"}),
              HasSubstr("--genes takes all words up to the next option and took 'a.h5mu' too; put "
                        "-- before what is meant as study: --genes A B -- a.h5mu"));
  Seen seen;
  EXPECT_EQ(run(seen, {"fit", "--genes", "A", "B", "--", "a.h5mu"}), 0);
  EXPECT_EQ(seen.study, "a.h5mu");
  EXPECT_THAT(seen.genes, ElementsAre("A", "B"));
}

TEST(Program, OptionsTellWhatTheyHold) {
  std::string text = "a";
  bool flag = false, kept = true;
  std::optional<double> number;
  std::vector<std::string> names = {"x", "y"};
  OptionSet::Values before, after;
  std::vector<std::string> given;
  const Command command{"fit", "", "", [&](OptionSet& options) -> CommandBody {
                          options.value("--other", text, "");
                          options.section("learn", {{"flag", "--learn-flag"}});
                          options.value("-t,--text", text, "");
                          options.flag("--flag", flag, "");
                          options.flag_off("--drop", kept, "");
                          options.value("--number", number, "");
                          options.list("--names", names, "");
                          const auto values = options.values("learn");
                          const auto words = options.given("learn");
                          before = values();
                          return [&, values, words](const Context&) {
                            after = values();
                            given = words();
                          };
                        }};
  std::vector<std::string> words = {"tool",     "fit", "-t",      "b", "--learn-flag", "--drop",
                                    "--number", "0.5", "--names", "p", "q,r"};
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  EXPECT_EQ(run_program({"tool", "", ""}, {command}, static_cast<int>(argv.size()), argv.data()),
            0);
  EXPECT_FALSE(kept);
  EXPECT_EQ(
      before,
      (OptionSet::Values{
          {"text", "a"}, {"flag", "false"}, {"drop", "false"}, {"number", ""}, {"names", "x,y"}}));
  EXPECT_EQ(after, (OptionSet::Values{{"text", "b"},
                                      {"flag", "true"},
                                      {"drop", "true"},
                                      {"number", "0.5"},
                                      {"names", "p,q,r"}}));
  EXPECT_THAT(given, ElementsAre("--text=b", "--flag=true", "--drop=true", "--number=0.5",
                                 "--names=p", "--names=q,r"))
      << "by the keys of the section, for the program whose options they are";
}

TEST(Program, ErrorsBecomeExitCodes) {
  Seen seen;
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run(seen, {"fit", "a"}, [] { throw input_error("a: broken"); }), 3);
  EXPECT_EQ(run(seen, {"fit", "a"}, [] { throw usage_error("no"); }), 2);
  EXPECT_EQ(run(seen, {"fit", "a"}, [] { throw std::runtime_error("oops"); }), 1);
  EXPECT_EQ(run(seen, {"fit", "a"}, [] { throw Error(ErrorKind::kCancelled, "stopped"); }), 130);
  EXPECT_EQ(run(seen, {"fly"}), 2);
  EXPECT_EQ(run(seen, {"fit", "a", "--progress", "json"}, [] { throw input_error("a\n: broken"); }),
            3);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr(R"("error":"a\u000a: broken"})"));
}

/// How a process ends that runs a command and gets a signal meanwhile.
int end_by(const std::function<void()>& body) {
  const auto ended = [&]() -> int {
    const pid_t child = ::fork();
    if (child == 0) {
      (void)std::freopen("/dev/null", "w", stderr);
      Seen seen;
      ::_exit(run(seen, {"fit", "a", "--threads", "1"}, body));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  };
  return ended();
}

TEST(StopSignals, EndAsAShellSaysItOfThem) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_EQ(end_by([&] {
                ::raise(signal);
                throw Error(ErrorKind::kCancelled, "stopped");
              }),
              128 + signal);
  }
}

/// What a process says that is asked to stop, with these words behind its command.
std::string said_by(const std::vector<std::string>& more) {
  ::testing::internal::CaptureStderr();
  Seen seen;
  std::vector<std::string> words = {"fit", "a", "--threads", "1"};
  words.insert(words.end(), more.begin(), more.end());
  run(seen, words, [] {
    ::raise(SIGINT);
    throw Error(ErrorKind::kCancelled, "stopped");
  });
  return ::testing::internal::GetCapturedStderr();
}

TEST(StopSignals, AreAnsweredAtOnce) {
  EXPECT_THAT(said_by({}), ::testing::StartsWith("stopping, within 4 seconds"));
  EXPECT_THAT(said_by({"--progress", "json"}), HasSubstr(R"("info":"stopping, within 4)"));
  EXPECT_THAT(said_by({"--quiet"}), Not(HasSubstr("stopping")));
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  EXPECT_THAT(said_by({}), Not(HasSubstr("stopping"))) << "the program that it works for speaks";
  ::prctl(PR_SET_PDEATHSIG, 0);
}

TEST(StopSignals, TheSameForTheSecondTimeEndsAtOnceAndAnotherDoesNot) {
  EXPECT_EQ(end_by([] {
              ::raise(SIGINT);
              ::raise(SIGINT);
              ::sleep(60);
            }),
            128 + SIGINT);
  EXPECT_EQ(end_by([] {
              ::raise(SIGINT);
              ::raise(SIGTERM);
            }),
            0);
}

TEST(StopSignals, WorkThatIsNotPutDownIsEndedWithinFiveSecondsAndLeavesNoHalfWrittenFile) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer holds signals back from work that calls nothing";
#endif
  const auto half =
      std::filesystem::temp_directory_path() / fmt::format("grids_half_{}", ::getpid());
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(end_by([&] {
              std::ofstream(half) << "half";
              const GoesWithProgram goes(half);
              ::raise(SIGTERM);
              for (volatile bool busy = true; busy;) {  // a library that asks nobody
              }
            }),
            128 + SIGTERM);
  // Five, and as much again for a machine that is busy.
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
  EXPECT_FALSE(std::filesystem::exists(half));
}

}  // namespace
}  // namespace grids::core
