#include "base/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace grids {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

enum class Goal { kDown, kUp };

struct Seen {
  std::filesystem::path study;
  double beta = 0;
  int steps = 10;
  std::optional<int64_t> cap;
  std::vector<std::string> genes;
  Goal goal = Goal::kDown;
  bool all = false;
  uint64_t seed = 0;
  int runs = 0;
};

int run(
    Seen& seen, std::vector<std::string> arguments, const std::function<void()>& body = [] {}) {
  const Command command{"fit", "Fits", "  tool fit a.h5mu", [&](OptionSet& options) -> CommandBody {
                          options.value("study", seen.study, "Study", OptionSet::Need::kRequired);
                          options.value("--beta", seen.beta, "Weight");
                          options.value("-n,--steps", seen.steps, "Steps");
                          options.value("--cap", seen.cap, "Cap");
                          options.list("--genes", seen.genes, "Genes");
                          options.choice<Goal>("--goal", seen.goal,
                                               {{"down", Goal::kDown}, {"up", Goal::kUp}},
                                               "Direction");
                          options.flag("--all", seen.all, "All");
                          return [&](const Context& context) {
                            ++seen.runs;
                            seen.seed = context.seed;
                            body();
                          };
                        }};
  arguments.insert(arguments.begin(), "tool");
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  return run_program({"tool", "A tool", ""}, {command}, static_cast<int>(argv.size()), argv.data());
}

TEST(Program, OptionsReachTheCommand) {
  Seen seen;
  EXPECT_EQ(run(seen, {"fit", "a.h5mu", "--beta", "0.5", "-n", "3", "--cap", "7", "--genes", "A,B",
                       "--genes", "C", "--goal", "up", "--all", "--seed", "9"}),
            0);
  EXPECT_EQ(seen.runs, 1);
  EXPECT_EQ(seen.study, "a.h5mu");
  EXPECT_EQ(seen.beta, 0.5);
  EXPECT_EQ(seen.steps, 3);
  EXPECT_EQ(seen.cap, 7);
  EXPECT_THAT(seen.genes, ElementsAre("A", "B", "C"));
  EXPECT_EQ(seen.goal, Goal::kUp);
  EXPECT_TRUE(seen.all);
  EXPECT_EQ(seen.seed, 9u);
}

TEST(Program, AConfigurationFileIsTheSameAsTheFlags) {
  const auto path =
      std::filesystem::temp_directory_path() / fmt::format("grids_config_{}.toml", ::getpid());
  std::ofstream(path) << "seed = 4\n[fit]\nbeta = 0.25\ngoal = \"up\"\ngenes = [\"A\", \"B\"]\n";
  Seen seen;
  EXPECT_EQ(run(seen, {"fit", "a.h5mu", "--config", path.string(), "--beta", "2"}), 0);
  EXPECT_EQ(seen.seed, 4u);
  EXPECT_EQ(seen.beta, 2) << "flags win over the file";
  EXPECT_EQ(seen.goal, Goal::kUp);
  EXPECT_THAT(seen.genes, ElementsAre("A", "B"));
  std::ofstream(path) << "[fit]\nbetta = 1\n";
  EXPECT_EQ(run(seen, {"fit", "a.h5mu", "--config", path.string()}), 2);
  std::filesystem::remove(path);
}

TEST(Program, AllWrongOptionsAreToldAtOnce) {
  Seen seen;
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run(seen, {"fit", "--beta", "much", "--steps", "1.5", "--goal", "sideways", "--bogus"}),
            2);
  const std::string message = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(seen.runs, 0);
  EXPECT_THAT(message, HasSubstr("--beta: 'much' is not a number"));
  EXPECT_THAT(message, HasSubstr("'1.5' is not a whole number"));
  EXPECT_THAT(message, HasSubstr("--goal: 'sideways' is none of: down, up"));
  EXPECT_THAT(message, HasSubstr("study is required"));
  EXPECT_THAT(message, HasSubstr("'--bogus'"));
}

TEST(Program, OptionsTellWhatTheyHold) {
  std::string text = "a";
  bool flag = false;
  std::optional<double> number;
  std::vector<std::string> names = {"x", "y"};
  OptionSet::Values before, after;
  const Command command{"fit", "", "", [&](OptionSet& options) -> CommandBody {
                          options.value("--other", text, "");
                          options.section("learn");
                          options.value("-t,--text", text, "");
                          options.flag("--flag", flag, "");
                          options.value("--number", number, "");
                          options.list("--names", names, "");
                          const auto values = options.values("learn");
                          before = values();
                          return [&, values](const Context&) { after = values(); };
                        }};
  std::vector<std::string> words = {"tool", "fit", "-t", "b", "--flag", "--number", "0.5"};
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  EXPECT_EQ(run_program({"tool", "", ""}, {command}, static_cast<int>(argv.size()), argv.data()),
            0);
  EXPECT_EQ(before, (OptionSet::Values{
                        {"text", "a"}, {"flag", "false"}, {"number", ""}, {"names", "x,y"}}));
  EXPECT_EQ(after, (OptionSet::Values{
                       {"text", "b"}, {"flag", "true"}, {"number", "0.5"}, {"names", "x,y"}}));
}

TEST(Program, ErrorsBecomeExitCodes) {
  Seen seen;
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run(seen, {"fit", "a"}, [] { throw input_error("a: broken"); }), 3);
  EXPECT_EQ(run(seen, {"fit", "a"}, [] { throw usage_error("no"); }), 2);
  EXPECT_EQ(run(seen, {"fit", "a"}, [] { throw std::runtime_error("oops"); }), 1);
  EXPECT_EQ(run(seen, {"fit", "a"}, [] { throw Error(ErrorKind::kCancelled, "stopped"); }), 130);
  EXPECT_EQ(run(seen, {"fly"}), 2);
  ::testing::internal::GetCapturedStderr();
}

}  // namespace
}  // namespace grids
