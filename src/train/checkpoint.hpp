/// Everything that training needs to continue bit for bit: one safetensors file, so that it is
/// there whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/table.hpp"
#include "model/safetensors.hpp"
#include "study/study.hpp"
#include "train/train.hpp"

namespace grids::core {

struct Checkpoint {
  int64_t stage = 0;  ///< index of the stage under way
  int64_t step = 0;   ///< steps of it that are made
  /// Weights by published name, their running means, the best ones of the stage, and the
  /// optimisers' moments, under "weights/", "average/", "best/" and "adam/".
  std::map<std::string, Tensor> tensors;
  std::map<std::string, int64_t> optimizer_steps;
  int64_t average_updates = 0;
  /// Early stopping.
  int64_t best_step = 0;
  std::optional<double> best_value;
  int64_t judgements_since_best = 0;
  /// Training losses since the last row of the curves: sums and numbers of steps.
  std::map<std::string, std::pair<double, int64_t>> running_losses;
  std::vector<StageSummary> finished;
  std::vector<TableRow> curve_rows;  ///< of training.tsv
};

/// What a checkpoint must agree with: a JSON object of name → value.
std::string training_identity(const TrainingCells& cells, const TrainOptions& options,
                              uint64_t seed);

/// Throws Error(kInput) where DIR/checkpoint.safetensors is no checkpoint, or of another training:
/// writing would destroy it.
void require_replaceable(const std::filesystem::path& folder, const std::string& identity);

/// Writes DIR/checkpoint.safetensors, creating the folder.
void write_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint,
                      const std::string& identity);

/// Nothing when the folder holds none. Throws Error(kInput) that lists what differs when it was
/// written by a run of another identity.
std::optional<Checkpoint> read_checkpoint(const std::filesystem::path& folder,
                                          const std::string& identity);

}  // namespace grids::core
