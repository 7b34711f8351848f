/// The subcommands of `grids`: one file each, which describes options, calls stages, writes files.
#pragma once

#include <vector>

#include "base/program.hpp"
#include "cli/explain_model_command.hpp"
#include "cli/train_command.hpp"

namespace grids::core {

Command prepare_command();
Command cis_command();
Command predict_command();
Command explain_command();
Command redundancy_command();
Command merge_command();
Command knockout_command();
Command compare_command();
Command evaluate_command();
Command validate_command();
Command report_command();
Command view_command();
Command export_command();
Command simulate_command();
Command top_command();
Command info_command();
Command docs_command();
Command run_command();
/// Pages made of the descriptions, and completions for shells.
Command docs_command();
Command completions_command();

/// What needs LibTorch: done by `grids-torch`, handed over to it by `grids`.
struct TorchWork {
  TrainStage train;
  ModelLoader load;
  std::function<void()> elsewhere;  ///< instead of the two: hands the command over
};

/// Every command, in the order of the help. `explain` is the command of that name for the arguments
/// at hand: with --model among them that of a model of the user's own; `other_explain` the other.
struct AllCommands {
  std::vector<Command> commands;
  Command other_explain;
};
AllCommands all_commands(const TorchWork& work, bool own_model);

/// All of them, for those who only read the descriptions.
AllCommands described_commands();

}  // namespace grids::core
