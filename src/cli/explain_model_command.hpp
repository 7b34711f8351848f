/// `explain --model`: the command that explains a model of the user's own over rows of numbers.
/// Only `grids-torch` can load such a model; `grids` runs it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "base/context.hpp"
#include "base/program.hpp"
#include "io/feature_matrix.hpp"
#include "search/maskable_model.hpp"

namespace grids::core {

/// Loads the model of a file over rows, with the value that a mask puts in the place of each
/// feature. What it returns must not outlive the context.
using ModelLoader = std::function<std::unique_ptr<MaskableModel>(
    const std::filesystem::path& model, FeatureMatrix rows, std::vector<float> replacement,
    const Context& context)>;

Command explain_model_command(const ModelLoader& load);

/// Whether the arguments ask for it: `--model` or `--model=FILE` among them.
bool asks_for_model(int argc, char** argv);

}  // namespace grids::core
