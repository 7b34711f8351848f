/// `grids train`. Only the program `grids-torch` can train; `grids` describes the same options and
/// runs it.
#pragma once

#include <filesystem>
#include <functional>

#include "base/program.hpp"
#include "model/train_options.hpp"

namespace grids::core {

struct TrainArguments {
  std::filesystem::path study;
  std::filesystem::path out;     ///< the surrogate
  std::filesystem::path curves;  ///< learning curves; empty = none
  bool overwrite = false;
  TrainSettings settings;

  void describe(OptionSet& set);
};

/// What `train` does: in `grids-torch` itself, or by handing over to it.
using TrainStage = std::function<void(const TrainArguments&, const Context&)>;

Command train_command(const TrainStage& train);

}  // namespace grids::core
