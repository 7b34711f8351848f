#include <cstdio>

#include "cli/commands.hpp"
#include "cli/options_page.hpp"

namespace grids::core {

Command completions_command() {
  return {
      "completions", "Print what completes commands and options in a shell",
      "  grids completions bash > ~/.local/share/bash-completion/completions/grids\n"
      "  grids completions zsh > ~/.zfunc/_grids\n"
      "  grids completions fish > ~/.config/fish/completions/grids.fish",
      [](OptionSet& options) -> CommandBody {
        auto shell = std::make_shared<std::string>();
        options.choice<std::string>(
            "shell", *shell, {{"bash", "bash"}, {"zsh", "zsh"}, {"fish", "fish"}}, "Your shell");
        options.rule([shell](Problems& problems) {
          if (shell->empty()) problems.add("which shell? bash, zsh or fish");
        });
        return [shell](const Context&) { std::fputs(completion_script(*shell).c_str(), stdout); };
      }};
}

}  // namespace grids::core
