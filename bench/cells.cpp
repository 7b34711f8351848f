#include "cells.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "model/surrogate_file.hpp"
#include "prepare/prepare.hpp"
#include "simulate/simulate.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core::bench {
namespace {

Study make_study(const Sizes& sizes, const Context& context) {
  SimulatedCells simulated = simulate(simulate_preset(sizes.preset), context);
  PrepareInputs inputs;
  inputs.label_column = "cell_type";
  inputs.gene_positions = std::move(simulated.genes);
  PrepareOptions options;
  options.keep_all = true;
  return prepare(std::move(simulated.data), inputs, options, context).study;
}

SurrogateShape shape_of(const Study& study) {
  SurrogateShape shape;
  const auto& offsets = study.peaks.chromosome_offsets;
  for (size_t c = 0; c + 1 < offsets.size(); ++c) {
    shape.chromosome_peaks.push_back(offsets[c + 1] - offsets[c]);
  }
  shape.genes = study.genes.size();
  return shape;
}

/// Running statistics of the chromosome sums, as training would have found them on these cells.
void calibrate(SurrogateFile& file, const CsrPattern& open, ThreadPool& pool) {
  const AtacEncoder encoder(file);
  const std::vector<float> sums = encoder.chromosome_sums(pool, open);
  const auto cells = static_cast<double>(open.rows);
  for (int64_t c = 0; c < encoder.chromosomes(); ++c) {
    const auto name = "atac_model.in_split_layer." + std::to_string(c) + ".1.";
    for (int64_t i = 0; i < file.shape.atac_embedding; ++i) {
      double sum = 0, squares = 0;
      for (int64_t cell = 0; cell < open.rows; ++cell) {
        const double value =
            sums[at((cell * encoder.chromosomes() + c) * encoder.sum_stride() + i)];
        sum += value;
        squares += value * value;
      }
      const double mean = sum / cells;
      file.tensors.at(name + "running_mean").f32()[i] = static_cast<float>(mean);
      file.tensors.at(name + "running_var").f32()[i] =
          static_cast<float>(std::max(1e-3, squares / cells - mean * mean));
    }
  }
}

/// Predictions above 0 as training leaves them: of a trained surrogate's cells x genes one in a
/// thousand or fewer are below (docs/performance.md), which is what a knock-out of all genes is
/// quick by.
void raise_outputs(SurrogateFile& file, const CsrPattern& open, ThreadPool& pool) {
  constexpr double kDeviations = 4;
  const FoldedSurrogate surrogate(file);
  const auto latents = surrogate.atac_to_rna(pool, surrogate.atac_latents(pool, open));
  const auto outputs = surrogate.decode_rna(pool, latents);
  const auto cells = static_cast<double>(open.rows);
  float* offsets = file.tensors.at("rna_model.decoder.6.bias").f32();
  for (int64_t gene = 0; gene < file.shape.genes; ++gene) {
    double sum = 0, squares = 0;
    for (size_t i = at(gene); i < outputs.size(); i += at(file.shape.genes)) {
      sum += outputs[i];
      squares += double{outputs[i]} * outputs[i];
    }
    const double mean = sum / cells;
    const double deviation = std::sqrt(std::max(0.0, squares / cells - mean * mean));
    offsets[gene] += static_cast<float>(kDeviations * deviation - mean);
  }
}

SurrogateFile make_surrogate(const Study& study, const Context& context) {
  SurrogateFile file = testing::random_surrogate(shape_of(study), context.seed);
  auto training = study.cells_of(Split::kTrain);
  training.resize(std::min<size_t>(training.size(), 512));
  calibrate(file, select_rows(study.open, training), context.pool);
  raise_outputs(file, select_rows(study.open, training), context.pool);
  file.peaks = study.peaks.names;
  file.genes = study.genes.names;
  file.chromosomes = study.peaks.chromosomes;
  file.cell_types = study.cells.type.names;
  return file;
}

void choose_cells(Cells& cells, int64_t count) {
  const Study& study = cells.study;
  std::vector<std::vector<int32_t>> types;
  for (size_t type = 0; type < study.cells.type.names.size(); ++type) {
    types.push_back(study.cells_of(Split::kTrain, static_cast<int32_t>(type)));
  }
  size_t chosen = 0;
  for (size_t type = 1; type < types.size(); ++type) {
    const bool enough = types[type].size() >= at(count);
    const bool had_enough = types[chosen].size() >= at(count);
    const bool fewer = types[type].size() < types[chosen].size();
    if (enough ? (fewer || !had_enough) : (!fewer && !had_enough)) chosen = type;
  }
  cells.type = study.cells.type.names[chosen];
  cells.cells = types[chosen];
  for (const int32_t cell : study.cells_of(Split::kTrain)) {
    if (cells.cells.size() >= at(count)) break;
    if (study.cells.type.codes[at(cell)] != static_cast<int32_t>(chosen)) {
      cells.cells.push_back(cell);
    }
  }
  cells.cells.resize(std::min(cells.cells.size(), at(count)));
  std::sort(cells.cells.begin(), cells.cells.end());
}

int32_t choose_target(const Cells& cells, ThreadPool& pool) {
  const auto predicted = cells.surrogate.predict(pool, select_rows(cells.study.open, cells.cells),
                                                 cells.surrogate.output_layer());
  const auto genes = cells.study.genes.size();
  const auto count = static_cast<int64_t>(cells.cells.size());
  int32_t best = 0;
  double best_variance = -1;
  for (int32_t gene = 0; gene < genes; ++gene) {
    double sum = 0, squares = 0;
    int64_t positive = 0;
    for (int64_t cell = 0; cell < count; ++cell) {
      const double value = predicted[at(cell * genes + gene)];
      sum += value;
      squares += value * value;
      positive += value > 0 ? 1 : 0;
    }
    const double mean = sum / static_cast<double>(count);
    const double variance = squares / static_cast<double>(count) - mean * mean;
    if (10 * positive >= 9 * count && variance > best_variance) {
      best = gene;
      best_variance = variance;
    }
  }
  if (best_variance <= 0) throw internal_error("no gene of the random surrogate varies over cells");
  return best;
}

}  // namespace

Cells make_cells(const Settings& settings, const Sizes& sizes, const Context& context) {
  const auto folder = settings.work / fmt::format("{}-seed{}", sizes.preset, context.seed);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw input_error("--work: cannot make {}: {}", folder.string(), error.message());
  const auto study_path = folder / "study.h5mu";
  // Of another name than in folders of earlier versions, whose offsets were others.
  const auto surrogate_path = folder / "surrogate_raised.safetensors";
  if (settings.small) std::filesystem::remove(study_path);
  if (settings.small) std::filesystem::remove(surrogate_path);
  if (!std::filesystem::exists(study_path)) write_study(study_path, make_study(sizes, context));
  Study study = read_study(study_path);
  if (!std::filesystem::exists(surrogate_path)) {
    write_surrogate(surrogate_path, make_surrogate(study, context));
  }
  SurrogateFile file = read_surrogate(surrogate_path);
  require_same_features(file, study);
  FoldedSurrogate surrogate(file);
  Cells cells{
      study_path, surrogate_path, std::move(study), std::move(file), std::move(surrogate), {}, {},
      0};
  choose_cells(cells, sizes.cells);
  cells.target = choose_target(cells, context.pool);
  return cells;
}

}  // namespace grids::core::bench
