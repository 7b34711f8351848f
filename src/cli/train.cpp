#include "cli/commands.hpp"

namespace grids {

Command train_command() {
  return {"train", "Train the surrogate on a study",
          "  grids train study.h5mu -o surrogate.safetensors",
          // Listed here for the help; the arguments themselves go to grids-torch untouched.
          [](OptionSet&) -> CommandBody {
            return [](const Context&) { throw internal_error("train runs as grids-torch"); };
          }};
}

}  // namespace grids
