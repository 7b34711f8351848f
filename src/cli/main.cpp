#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

#include "cli/commands.hpp"
#include "cli/explain_model.hpp"
#include "cli/sibling.hpp"

namespace {

/// The command that the arguments name, if any: the first that is one of the list.
std::string_view named_command(const std::vector<grids::Command>& commands, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto is_named = [&](const grids::Command& command) { return command.name == word; };
    if (std::any_of(commands.begin(), commands.end(), is_named)) return word;
  }
  return {};
}

int with_torch(char** argv) {
  try {
    grids::become_sibling(argv);
  } catch (const grids::Error& error) {
    fmt::print(stderr, "grids: {}\n", error.what());
    return grids::exit_code(error.kind());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<grids::Command> commands = {
      grids::run_command(),     grids::prepare_command(),  grids::train_command(),
      grids::cis_command(),     grids::explain_command(),  grids::knockout_command(),
      grids::compare_command(), grids::evaluate_command(), grids::predict_command(),
      grids::report_command(),  grids::simulate_command(), grids::info_command(),
      grids::docs_command(),
  };
  const grids::ProgramText text{
      "grids",
      "Which sets of peaks, masked together in a learned surrogate, lower a gene most?\n",
      "The whole way:  grids run cells.h5mu --labels cell_type --genes genes.bed -o results/\n"
      "Each command:   grids COMMAND --help\n",
      {"train"}};
  // Training and models of the user's own need LibTorch, which no other command should load: they
  // have a program of their own.
  const auto command = named_command(commands, argc, argv);
  if (command == "train" || (command == "explain" && grids::asks_for_model(argc, argv))) {
    return with_torch(argv);
  }
  return grids::run_program(text, commands, argc, argv);
}
