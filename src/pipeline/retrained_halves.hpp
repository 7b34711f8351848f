/// Surrogates of half-samples: trained once each, kept in the results folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/output_folder.hpp"
#include "model/folded_surrogate.hpp"
#include "pipeline/run_folder.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Trains on a half-sample (redundancy/stability.hpp) by `grids-torch`, with these words.
/// `settings` says what it depends on, beside those and the seed. `out` and `study` must outlive
/// the stage.
RunStage train_half_stage(OutputFolder& out, const Study& study, int64_t half,
                          const std::vector<std::string>& words, const std::string& settings);

/// What that stage left.
FoldedSurrogate read_half(const std::filesystem::path& folder, int64_t half);

}  // namespace grids::core
