// Laws of the descriptions: they are walked, so that an option that is added tomorrow is held to
// them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/commands.hpp"
#include "cli/options_page.hpp"
#include "io/atomic_file.hpp"

namespace grids::core {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

std::vector<Command> every_command() {
  AllCommands all = described_commands();
  all.commands.push_back(all.other_explain);
  return all.commands;
}

/// What a command line, with a configuration file or without, makes of a command's options.
struct Parsed {
  std::map<std::string, std::string> held;  ///< flag → text
  std::vector<std::string> problems;
  std::vector<std::string> unread;
  std::vector<std::string> training;  ///< what is given of [train], for the program that trains
};

fs::path config_path() {
  return fs::temp_directory_path() / fmt::format("grids_options_{}.toml", ::getpid());
}

Parsed parse(const Command& command, std::vector<std::string> words, const std::string& config) {
  DeclaredCommands declared = declare_commands(every_command());
  const auto mine = declare_commands({command});
  declared.commands.insert(declared.commands.begin(), mine.commands[0]);
  OptionSet options = mine.commands[0].options;
  CommonOptions common;
  OptionSet shared;
  common.describe(shared);
  words.insert(words.begin(), {"grids", command.name});
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  auto line = parse_command_line({"grids", "", ""}, shared, mine.commands,
                                 static_cast<int>(argv.size()), argv.data());
  Problems problems;
  Parsed parsed;
  if (!config.empty()) {
    std::ofstream(config_path()) << config;
    parsed.unread = read_configuration(config_path(), shared, declared.commands, line, problems);
    fs::remove(config_path());
  }
  const auto training = options.given("train");
  assign_options(options, line.own, problems);
  for (const auto& field : options.fields()) {
    if (field.place != OptionField::Place::kInner) parsed.held[field.flag] = field.show();
  }
  parsed.problems = problems.list();
  parsed.training = training();
  return parsed;
}

/// A value that the option takes and does not hold by default, as the user would write it.
std::string another_value(const OptionField& field) {
  if (field.flag == "--latent-openness") return "off";
  if (!field.words.empty()) {
    for (const auto& word : field.words) {
      if (word != field.standard) return word;
    }
  }
  switch (field.kind) {
    case OptionField::Kind::kFlag:
      return "true";
    case OptionField::Kind::kText:
    case OptionField::Kind::kPath:
      return "some/file, or name.x";
    case OptionField::Kind::kList:
      return field.range.text().empty() ? "one, two" : "17";
    default:
      break;
  }
  for (const char* number : {"7", "3", "2", "1", "0.25", "0.75", "0", "0.125", "5000"}) {
    const bool whole = std::string(number).find('.') == std::string::npos;
    if (field.kind == OptionField::Kind::kWhole && !whole) continue;
    if (number != field.standard && field.range.holds(std::stod(number))) return number;
  }
  ADD_FAILURE() << "no value for " << field.flag;
  return "";
}

std::string toml_value(const OptionField& field, const std::string& value) {
  const bool text = field.kind == OptionField::Kind::kText ||
                    field.kind == OptionField::Kind::kPath ||
                    field.kind == OptionField::Kind::kChoice ||
                    (field.kind == OptionField::Kind::kList && field.range.text().empty());
  return text ? fmt::format("\"{}\"", value) : value;
}

std::vector<std::string> flag_words(const OptionField& field, const std::string& value) {
  if (field.kind == OptionField::Kind::kFlag) return {field.flag};
  return {fmt::format("{}={}", field.flag, value)};
}

std::string bare(const std::string& flag) {
  return flag.substr(flag.find_first_not_of('-'));
}

/// Calls `body(command, field)` for every option that is a flag.
template <typename Body>
void for_each_option(const Body& body) {
  int seen = 0;
  for (const auto& command : every_command()) {
    const auto declared = declare_commands({command});
    for (const auto& field : declared.commands[0].options.fields()) {
      if (field.place != OptionField::Place::kOption) continue;
      SCOPED_TRACE(command.name + " " + field.flag);
      body(command, field);
      ++seen;
    }
  }
  EXPECT_GT(seen, 200) << "the walk went nowhere";
}

TEST(Options, AFileChangesWhatTheFlagChanges) {
  for_each_option([](const Command& command, const OptionField& field) {
    const auto value = another_value(field);
    const auto plain = parse(command, {}, "");
    const auto by_flag = parse(command, flag_words(field, value), "");
    EXPECT_NE(by_flag.held.at(field.flag), plain.held.at(field.flag));
    const auto as_toml = toml_value(field, value);
    const auto by_command =
        parse(command, {}, fmt::format("[{}]\n{} = {}\n", command.name, bare(field.flag), as_toml));
    EXPECT_EQ(by_command.held, by_flag.held);
    EXPECT_EQ(by_command.problems, by_flag.problems);
    if (field.section.empty()) return;
    const auto by_stage =
        parse(command, {}, fmt::format("[{}]\n{} = {}\n", field.section, field.key, as_toml));
    EXPECT_EQ(by_stage.held, by_flag.held) << "[" << field.section << "] " << field.key;
    EXPECT_EQ(by_stage.problems, by_flag.problems);
    EXPECT_THAT(by_stage.unread, ElementsAre());
  });
}

TEST(Options, AnUnknownKeyOfAnySectionIsAnErrorWithASuggestion) {
  for (const auto& command : every_command()) {
    const auto declared = declare_commands({command});
    for (const auto& field : declared.commands[0].options.fields()) {
      if (field.place != OptionField::Place::kOption) continue;
      SCOPED_TRACE(command.name + " " + field.flag);
      const auto section = field.section.empty() ? command.name : field.section;
      const auto key = field.section.empty() ? bare(field.flag) : field.key;
      const auto wrong = parse(command, {}, fmt::format("[{}]\n{}x = 1\n", section, key));
      const auto plain = parse(command, {}, "");
      ASSERT_EQ(wrong.problems.size(), plain.problems.size() + 1);
      EXPECT_THAT(wrong.problems[0], HasSubstr("line 2: there is no option"));
      EXPECT_THAT(wrong.problems[0], AnyOf(HasSubstr("did you mean"), HasSubstr("there are: ")));
      // Of a section that the command does not have, too.
      const auto elsewhere =
          parse(info_command(), {}, fmt::format("[{}]\nno-such-option = 1\n", section));
      EXPECT_THAT(elsewhere.problems, ElementsAre(HasSubstr("no option 'no-such-option'")));
    }
  }
}

TEST(Options, AnOptionThatIsNoListIsGivenOnceEverywhere) {
  for_each_option([](const Command& command, const OptionField& field) {
    const auto value = another_value(field);
    auto words = flag_words(field, value);
    const auto once = words;
    words.insert(words.end(), once.begin(), once.end());
    const auto twice = parse(command, words, "");
    const bool told =
        std::any_of(twice.problems.begin(), twice.problems.end(), [&](const std::string& problem) {
          return problem.find(field.flag + " is given 2 times") != std::string::npos;
        });
    EXPECT_EQ(told, field.kind != OptionField::Kind::kList);
  });
}

TEST(Options, EveryNumberIsHeldToItsRange) {
  for_each_option([](const Command& command, const OptionField& field) {
    if (field.range.text().empty() || field.kind == OptionField::Kind::kList) return;
    const double beyond = std::isfinite(field.range.least) ? field.range.least - 1 : 0;
    const auto parsed = parse(command, {fmt::format("{}={}", field.flag, beyond)}, "");
    const bool told = std::any_of(
        parsed.problems.begin(), parsed.problems.end(), [&](const std::string& problem) {
          return problem ==
                 fmt::format("{} must be {}, not {}", field.flag, field.range.text(), beyond);
        });
    EXPECT_TRUE(told) << ::testing::PrintToString(parsed.problems);
  });
}

TEST(Options, RunTakesEveryStageAndHandsTheTrainingOn) {
  const auto run = run_command();
  const auto parsed = parse(run, {"cells.h5mu", "-o", "out", "--max-training-steps", "5"},
                            "[train]\nlatent = 7\nbatch = 64\ngamma = 0.5\nkeep-readout = true\n"
                            "[explain]\nset-size = 3\n[prepare]\nmin-genes = 3\n[report]\n"
                            "title = \"Mine\"\n[cis]\ngate-folds = 2\n[evaluate]\n"
                            "markers-per-type = 2\n");
  EXPECT_THAT(parsed.problems, ElementsAre());
  EXPECT_EQ(parsed.held.at("--set-size"), "3");
  EXPECT_EQ(parsed.held.at("--min-genes"), "3");
  EXPECT_EQ(parsed.held.at("--title"), "Mine");
  EXPECT_EQ(parsed.held.at("--gate-folds"), "2");
  EXPECT_EQ(parsed.held.at("--markers-per-type"), "2");
  EXPECT_EQ(parsed.held.at("--batch"), "0") << "of the search, not of the training";
  // What is handed on is what `train` would have been given.
  const auto of_train = parse(train_command({}), parsed.training, "");
  for (const auto& [flag, text] : std::map<std::string, std::string>{{"--latent", "7"},
                                                                     {"--batch", "64"},
                                                                     {"--gamma", "0.5"},
                                                                     {"--keep-readout", "true"},
                                                                     {"--max-steps", "5"}}) {
    EXPECT_EQ(of_train.held.at(flag), text) << flag;
  }
}

TEST(Options, RunHandsOnWhateverOfTheTrainingIsGiven) {
  const auto run = run_command();
  const auto declared = declare_commands({run});
  int seen = 0;
  for (const auto& field : declared.commands[0].options.fields()) {
    if (field.section != "train" || field.place != OptionField::Place::kOption) continue;
    SCOPED_TRACE(field.flag);
    const auto value = another_value(field);
    const auto parsed = parse(run, flag_words(field, value), "");
    const auto of_train = parse(train_command({}), parsed.training, "");
    EXPECT_EQ(of_train.held.at("--" + field.key), parsed.held.at(field.flag));
    ++seen;
  }
  EXPECT_GT(seen, 20);
}

TEST(Options, PresetsOfTheTrainingComeBeforeWhatGoesBeyondThem) {
  TrainSettings settings;
  OptionSet set;
  settings.describe(set);
  GivenOptions given(set.fields().size());
  for (size_t i = 0; i < set.fields().size(); ++i) {
    const auto& key = set.fields()[i].key;
    if (key == "preset") given[i].words = {"paper"};
    if (key == "rna-steps") given[i].words = {"12"};
    if (key == "max-steps") given[i].words = {"100"};
    if (key == "alignment") given[i].words = {"joint"};
  }
  Problems problems;
  assign_options(set, given, problems);
  EXPECT_TRUE(problems.empty());
  const TrainOptions options = settings.resolved();
  EXPECT_EQ(options.patience, 0) << "the paper's";
  EXPECT_EQ(options.alignment, Alignment::kJoint);
  EXPECT_EQ(options.rna_steps, 12);
  EXPECT_EQ(options.atac_steps, 100) << "capped";
}

TEST(Options, WhatOnlyAnotherCommandReadsIsSaid) {
  const auto compare = parse(compare_command(), {}, "[explain]\nmethod = \"greedy\"\nbeta = 2\n");
  EXPECT_EQ(compare.held.at("--beta"), "2");
  EXPECT_THAT(compare.unread,
              ElementsAre(HasSubstr("compare does not read 'method' of [explain]")));
  EXPECT_THAT(parse(cis_command(), {}, "[explain]\nmethod = \"greedy\"\n").unread, ElementsAre())
      << "a section that the command does not have is for others";
}

TEST(Options, ThePageIsCurrent) {
  const auto path = fs::path(GRIDS_TEST_DIR).parent_path() / "docs" / "options.md";
  EXPECT_TRUE(read_file(path) == options_page())
      << "docs/options.md is not what the descriptions say; scripts/make_docs.sh makes it anew";
}

TEST(Options, ThePageHoldsEveryOption) {
  const auto page = options_page();
  for_each_option([&](const Command&, const OptionField& field) {
    EXPECT_THAT(page, HasSubstr("`" + field.flag + "`"));
  });
  EXPECT_THAT(page, HasSubstr("Defaults with `--preset paper`: `--atac-steps` `36000`"));
}

/// What bash offers for a line of words, the last one being typed.
std::string completed_by_bash(const std::string& line, const std::string& words) {
  const auto script = fs::temp_directory_path() / fmt::format("grids_complete_{}", ::getpid());
  std::ofstream(script) << completion_script("bash") << "COMP_WORDS=(" << words << ")\n"
                        << "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                        << "_grids\necho \"${COMPREPLY[@]}\"\n";
  std::string text;
  FILE* pipe = ::popen(("bash --norc --noprofile " + script.string() + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return "no bash for " + line;
  char buffer[4096];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) text += buffer;
  ::pclose(pipe);
  fs::remove(script);
  return text;
}

TEST(Completions, BashOffersCommandsOptionsAndWords) {
  EXPECT_THAT(completed_by_bash("", "grids kno"), HasSubstr("knockout"));
  EXPECT_THAT(completed_by_bash("", "grids knockout --all-g"), HasSubstr("--all-genes"));
  EXPECT_THAT(completed_by_bash("", "grids knockout --all-g"), Not(HasSubstr("--cell-type")));
  EXPECT_THAT(completed_by_bash("", "grids explain --method grids"), HasSubstr("grids-beam"));
  EXPECT_THAT(completed_by_bash("", "grids explain --target-c"), HasSubstr("--target-class"))
      << "of both forms of explain";
  EXPECT_THAT(completed_by_bash("", "grids -q run --see"), HasSubstr("--seed"));
}

TEST(Completions, EveryShellHasEveryOption) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(shell);
    for_each_option([&](const Command& command, const OptionField& field) {
      EXPECT_THAT(script, HasSubstr(bare(field.flag))) << shell << " " << command.name;
    });
  }
  EXPECT_THROW(completion_script("csh"), Error);
}

}  // namespace
}  // namespace grids::core
