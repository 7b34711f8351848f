#include "cli/commands.hpp"
#include "cli/licences.hpp"
#include "pipeline/sibling.hpp"

int main(int argc, char** argv) {
  // Training and models of the user's own need LibTorch, which no other command should load: they
  // have a program of their own.
  grids::core::TorchWork work;
  work.elsewhere = [argv] { grids::core::become_sibling(argv); };
  const auto all = grids::core::all_commands(work, grids::core::asks_for_model(argc, argv));
  const grids::core::ProgramText text{
      "grids", "Which sets of peaks, masked together in a learned surrogate, lower a gene most?\n",
      "The whole way:  grids run cells.h5mu --labels cell_type --genes genes.bed -o results/\n"
      "Each command:   grids COMMAND --help\n",
      [] { return grids::core::licences_page(grids::core::Program::kGrids); }};
  return grids::core::run_program(text, all.commands, argc, argv, {all.other_explain});
}
