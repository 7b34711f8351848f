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
  TrainSettings settings;

  void describe(OptionSet& set);
};

using Trainer = std::function<void(const TrainArguments&, const Context&)>;

Command train_command(const Trainer& train);

}  // namespace grids::core
