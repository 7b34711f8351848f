#include "cli/commands.hpp"

#include <algorithm>

namespace grids::core {
namespace {

/// The same command with another body: its options are checked here, its work is done elsewhere.
Command handed_over(Command command, const std::function<void()>& elsewhere) {
  if (!elsewhere) return command;
  const auto declare = command.declare;
  command.declare = [declare, elsewhere](OptionSet& options) -> CommandBody {
    // The body holds what the options are bound to.
    return [body = declare(options), elsewhere](const Context&) { elsewhere(); };
  };
  return command;
}

}  // namespace

AllCommands all_commands(const TorchWork& work, bool own_model) {
  Command of_surrogate = explain_command();
  Command of_own_model = handed_over(explain_model_command(work.load), work.elsewhere);
  if (own_model) std::swap(of_surrogate, of_own_model);
  AllCommands all;
  all.commands = {run_command(),
                  prepare_command(),
                  handed_over(train_command(work.train), work.elsewhere),
                  cis_command(),
                  std::move(of_surrogate),
                  redundancy_command(),
                  merge_command(),
                  knockout_command(),
                  compare_command(),
                  evaluate_command(),
                  predict_command(),
                  validate_command(),
                  report_command(),
                  view_command(),
                  export_command(),
                  top_command(),
                  simulate_command(),
                  info_command(),
                  docs_command(),
                  completions_command()};
  all.other_explain = std::move(of_own_model);
  return all;
}

AllCommands described_commands() {
  return all_commands({}, false);
}

}  // namespace grids::core
