#include <ATen/Parallel.h>

#include <cmath>
#include <optional>

#include "base/error.hpp"
#include "model/training_curves.hpp"
#include "train/checkpoint.hpp"
#include "train/stages.hpp"
#include "train/weight_average.hpp"

namespace grids::core {
namespace {

using TensorMap = std::map<std::string, Tensor>;

/// The tensors whose names start with `prefix`, without it.
TensorMap under(const TensorMap& tensors, const std::string& prefix) {
  TensorMap result;
  for (auto at = tensors.lower_bound(prefix); at != tensors.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    result.emplace(at->first.substr(prefix.size()), at->second);
  }
  return result;
}

/// Names of types, donors or batches: the same in both halves, but a half may lack them.
const std::vector<std::string>& names_of(const Study& atac, const Study& rna,
                                         Categorical CellTable::*column) {
  const Categorical& of_atac = atac.cells.*column;
  return of_atac.empty() ? (rna.cells.*column).names : of_atac.names;
}

SurrogateShape shape_for(const TrainingCells& cells, const TrainOptions& options) {
  SurrogateShape shape = options.layers;
  const auto& offsets = cells.atac.peaks.chromosome_offsets;
  shape.chromosome_peaks.clear();
  for (size_t c = 0; c + 1 < offsets.size(); ++c) {
    shape.chromosome_peaks.push_back(offsets[c + 1] - offsets[c]);
  }
  shape.genes = cells.rna.genes.size();
  constexpr int64_t kPublishedColumns = 9;
  shape.discriminator_columns =
      std::max(kPublishedColumns, std::ssize(names_of(cells.atac, cells.rna, &CellTable::type)));
  return shape;
}

void require_trainable(const TrainingCells& cells) {
  Problems problems;
  if (cells.atac.peaks.size() == 0) problems.add("it has no peaks");
  if (cells.rna.genes.size() == 0) problems.add("it has no genes");
  const auto require_cells = [&](const Study& half, const char* which) {
    const size_t count = half.cells_of(Split::kTrain).size();
    if (count < 2) problems.add("it has {} training cells{}, at least 2 are needed", count, which);
  };
  if (&cells.atac == &cells.rna) {
    require_cells(cells.atac, "");
  } else {
    require_cells(cells.atac, " with chromatin");
    require_cells(cells.rna, " with RNA");
  }
  if (cells.atac.open.nonzeros() == 0) problems.add("no peak is open in any cell");
  problems.raise(ErrorKind::kInput, "the study cannot be trained on");
}

/// Joint training needs pairs, or what stands in for them.
void require_guide(const TrainingCells& cells, const TrainOptions& options) {
  if (cells.paired || options.alignment == Alignment::kPublished ||
      options.guide == Guide::kPositions) {
    return;
  }
  throw usage_error(
      "chromatin and RNA were measured in different cells, and with --guide off nothing says which "
      "go together, as the joint alignment has to know; use --guide positions, or --alignment "
      "published, which learns from the types of the cells");
}

class Trainer {
 public:
  Trainer(const TrainingCells& cells, const TrainOptions& options, const Context& context)
      : shop_(cells, options, shape_for(cells, options), context),
        options_(options),
        context_(context),
        identity_(options.checkpoint.empty() ? ""
                                             : training_identity(cells, options, context.seed)),
        stages_(make_stages(shop_, cells)) {}

  TrainResult run() {
    if (options_.resume) {
      resume();
    } else if (!options_.checkpoint.empty()) {
      require_replaceable(options_.checkpoint, identity_);
    }
    if (shop_.validation.atac.empty() && options_.patience > 0) {
      context_.reporter.warning(
          "no validation cells: every stage runs to its last step, and nothing tells when the "
          "surrogate starts to learn its cells by heart");
    }
    try {
      for (; state_.stage < static_cast<int64_t>(stages_.size()); ++state_.stage) run_stage();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCancelled || options_.checkpoint.empty()) throw;
      save();  // whoever stopped us did so between two steps
      throw Error(ErrorKind::kCancelled,
                  fmt::format("stopped at stage {}, step {}; continue with --resume from {}",
                              stage().name(), state_.step, options_.checkpoint.string()));
    }
    return finish();
  }

 private:
  Stage& stage() { return *stages_[static_cast<size_t>(state_.stage)]; }
  bool judges() const { return !shop_.validation.atac.empty(); }

  std::optional<WeightAverage> make_average() {
    std::vector<NamedTensor> tensors;
    for (const Part part : stage().trained()) {
      const auto some = shop_.net.tensors(part);
      tensors.insert(tensors.end(), some.begin(), some.end());
    }
    return WeightAverage(std::move(tensors), options_.averaging);
  }

  bool keeps_best() const { return judges() && options_.patience > 0; }

  void run_stage() {
    stage().begin();
    if (!average_) average_ = make_average();
    bool stopped_early = patience_spent();
    {
      Progress progress(context_, fmt::format("train {}", stage().name()), stage().steps());
      if (state_.step > 0) progress.advance(state_.step);
      while (state_.step < stage().steps() && !stopped_early) {
        make_step();
        const bool last = state_.step == stage().steps();
        if (last || state_.step % options_.evaluate_every == 0) {
          write_curves();
          stopped_early = patience_spent() && !last;
        }
        if (!last && !stopped_early && state_.step % options_.checkpoint_every == 0) save();
        progress.advance(1, note_);
      }
    }
    end_stage(stopped_early);
  }

  void tell(const StageSummary& summary) const {
    context_.reporter.info(fmt::format(
        "stage {}: {} steps{}; validation loss {:.5g}, weights of step {}", summary.stage,
        summary.steps, summary.stopped_early ? " (no more improvement)" : "", summary.best_value,
        summary.best_step));
  }

  bool patience_spent() const {
    return keeps_best() && state_.judgements_since_best >= options_.patience;
  }

  void make_step() {
    const auto terms = stage().step(state_.step);
    ++state_.step;
    average_->update(context_.pool, state_.step);
    for (const auto& term : terms) {
      if (!std::isfinite(term.value)) {
        throw input_error(
            "stage {}, step {}: the loss '{}' is {}; try {}, or look for extreme values in the "
            "study's expression",
            stage().name(), state_.step, term.name, term.value, stage().remedy());
      }
      auto& [sum, count] = state_.running_losses[term.name];
      sum += term.value;
      ++count;
    }
    note_ = fmt::format("loss {:.4g}", terms.front().value);
  }

  void add_curve(const char* split, const std::string& loss, double value) {
    state_.curve_rows.push_back(
        curve_columns().cells({stage().name(), state_.step, split, loss, value}));
  }

  void write_curves() {
    for (const auto& [name, running] : state_.running_losses) {
      add_curve("train", name, running.first / static_cast<double>(running.second));
    }
    state_.running_losses.clear();
    if (!judges()) return;
    average_->swap();
    const LossTerm judged = stage().judge();
    if (!std::isfinite(judged.value)) {
      throw input_error("stage {}, step {}: the validation loss is {}; try {}", stage().name(),
                        state_.step, judged.value, stage().remedy());
    }
    add_curve("validation", judged.name, judged.value);
    if (!state_.best_value || judged.value < *state_.best_value) {
      state_.best_value = judged.value;
      state_.best_step = state_.step;
      state_.judgements_since_best = 0;
      if (keeps_best()) best_ = shop_.net.export_tensors();
    } else {
      ++state_.judgements_since_best;
    }
    average_->swap();
  }

  void end_stage(bool stopped_early) {
    average_->swap();
    average_.reset();
    if (keeps_best() && state_.best_value) shop_.net.import_tensors(best_);
    if (state_.step > 0) stage().finish();
    StageSummary summary;
    summary.stage = stage().name();
    summary.steps = state_.step;
    summary.best_step = keeps_best() ? state_.best_step : state_.step;
    summary.best_value = judges() && state_.step > 0 ? stage().judge().value : std::nan("");
    summary.stopped_early = stopped_early;
    if (summary.steps > 0) tell(summary);
    state_.finished.push_back(summary);
    stages_[static_cast<size_t>(state_.stage)].reset();  // its moments are no longer needed
    best_.clear();
    state_.step = 0;
    state_.best_step = 0;
    state_.best_value.reset();
    state_.judgements_since_best = 0;
    state_.running_losses.clear();
  }

  void save() {
    if (options_.checkpoint.empty()) return;
    state_.tensors.clear();
    for (auto& [name, tensor] : shop_.net.export_tensors()) {
      state_.tensors["weights/" + name] = std::move(tensor);
    }
    if (average_->started()) {
      average_->swap();
      for (auto& [name, tensor] : shop_.net.export_tensors()) {
        state_.tensors["average/" + name] = std::move(tensor);
      }
      average_->swap();
    }
    state_.average_updates = average_->updates();
    for (const auto& [name, tensor] : best_) state_.tensors["best/" + name] = tensor;
    for (const auto& [name, optimizer] : stage().optimizers()) {
      optimizer->save("adam/" + name + "/", state_.tensors);
      state_.optimizer_steps[name] = optimizer->steps();
    }
    write_checkpoint(options_.checkpoint, state_, identity_);
    state_.tensors.clear();
  }

  void resume() {
    auto found = read_checkpoint(options_.checkpoint, identity_);
    if (!found) {
      context_.reporter.warning(fmt::format("no checkpoint in {}: training from the start",
                                            options_.checkpoint.string()));
      return;
    }
    state_ = std::move(*found);
    if (state_.stage < 0 || state_.stage >= static_cast<int64_t>(stages_.size())) {
      throw input_error("{}: no stage {}", options_.checkpoint.string(), state_.stage);
    }
    average_ = make_average();
    average_->restart(state_.average_updates);
    if (average_->started()) {
      average_->swap();
      shop_.net.import_tensors(under(state_.tensors, "average/"));
      average_->swap();
    }
    shop_.net.import_tensors(under(state_.tensors, "weights/"));
    best_ = under(state_.tensors, "best/");
    for (const auto& [name, optimizer] : stage().optimizers()) {
      optimizer->load("adam/" + name + "/", state_.tensors);
      optimizer->set_steps(state_.optimizer_steps[name]);
    }
    state_.tensors.clear();
    context_.reporter.info(
        fmt::format("continuing stage {} after step {}", stage().name(), state_.step));
  }

  TrainResult finish() {
    TrainResult result;
    result.surrogate.shape = shop_.net.shape;
    result.surrogate.tensors = shop_.net.export_tensors();
    result.surrogate.peaks = shop_.atac.peaks.names;
    result.surrogate.genes = shop_.rna.genes.names;
    result.surrogate.chromosomes = shop_.atac.peaks.chromosomes;
    result.surrogate.cell_types = names_of(shop_.atac, shop_.rna, &CellTable::type);
    result.surrogate.donors = names_of(shop_.atac, shop_.rna, &CellTable::donor);
    result.surrogate.batches = names_of(shop_.atac, shop_.rna, &CellTable::batch);
    result.surrogate.options = options_.to_json();
    result.stages = std::move(state_.finished);
    result.curves = curve_columns().table({});
    for (auto& row : state_.curve_rows) result.curves.add(std::move(row));
    return result;
  }

  Workshop shop_;
  const TrainOptions& options_;
  const Context& context_;
  std::string identity_;
  std::vector<std::unique_ptr<Stage>> stages_;
  Checkpoint state_;
  std::optional<WeightAverage> average_;  // of the stage under way
  TensorMap best_;
  std::string note_;
};

TrainingCells hidden(TrainingCells cells, const TrainOptions& options) {
  const HiddenLabels hide = options.hide_labels;
  if (hide == HiddenLabels::kAtac || hide == HiddenLabels::kBoth) cells.atac_labelled = false;
  if (hide == HiddenLabels::kRna || hide == HiddenLabels::kBoth) cells.rna_labelled = false;
  if (options.hide_pairing) cells.paired = false;
  return cells;
}

}  // namespace

TrainingCells training_cells(const Study& study, const TrainOptions& options) {
  return hidden({study, study}, options);
}

TrainingCells training_cells(const UnpairedStudy& study, const TrainOptions& options) {
  const LabelsIn labels = study.labels_in;
  return hidden(
      {study.atac, study.rna, false, labels == LabelsIn::kBoth || labels == LabelsIn::kAtac,
       labels == LabelsIn::kBoth || labels == LabelsIn::kRna},
      options);
}

TrainResult train(const TrainingCells& cells, const TrainOptions& options, const Context& context) {
  validate(options, "training options");
  require_trainable(cells);
  require_guide(cells, options);
  // Parallelism is ours, over fixed blocks: torch's own would change results with the threads.
  at::set_num_threads(1);
  return Trainer(cells, options, context).run();
}

TrainResult train(const Study& study, const TrainOptions& options, const Context& context) {
  return train(training_cells(study, options), options, context);
}

}  // namespace grids::core
