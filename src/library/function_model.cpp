#include "library/function_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/random.hpp"

namespace grids {
namespace {

using core::at;
using core::Edit;
using core::Feature;

/// Sizes of a batch that are tried; the first that is sound is taken.
constexpr std::array<size_t, 3> kBatches = {128, 16, 1};
/// Rows of `outputs_after` whose outputs may be held at once.
constexpr size_t kRowsHeld = size_t{1} << 16;

std::vector<int32_t> all_positions(size_t count) {
  std::vector<int32_t> positions(count);
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

/// Some cells under one subset, or without one but with noise or gates.
class FunctionState final : public core::MaskState {
 public:
  FunctionState(const FunctionModel& model, std::span<const Feature> subset,
                std::span<const int32_t> cells, std::span<const int32_t> outputs,
                const core::Relaxation* relaxation = nullptr)
      : model_(model),
        subset_(subset.begin(), subset.end()),
        cells_(cells.begin(), cells.end()),
        chosen_(outputs.begin(), outputs.end()),
        outputs_(cells.size() * outputs.size()) {
    std::sort(subset_.begin(), subset_.end());
    if (relaxation != nullptr) {
      if (const auto* noise = std::get_if<core::Noise>(relaxation)) {
        noise_ = *noise;
      } else {
        const auto gates = std::get<std::span<const core::CellGates>>(*relaxation);
        gates_.assign(gates.begin(), gates.end());
      }
    }
    renew(all_positions(cells_.size()));
  }

  std::span<const Feature> subset() const override { return subset_; }
  std::span<const float> outputs() const override { return outputs_; }

  void outputs_after(std::span<const Edit> edits, const core::EditSink& sink) const override {
    struct Place {
      size_t edit;
      int32_t position;
    };
    const size_t width = chosen_.size();
    for (size_t next = 0; next < edits.size();) {
      const size_t first = next;
      std::vector<std::vector<int32_t>> positions;
      std::vector<Place> places;
      for (; next < edits.size() && (next == first || places.size() < kRowsHeld); ++next) {
        positions.push_back(touched(edits[next]));
        for (const int32_t position : positions.back()) places.push_back({next, position});
      }
      std::vector<float> after(places.size() * width);
      model_.run(
          places.size(), chosen_,
          [&](size_t i) {
            auto edited = row(places[i].position);
            edited.edit = edits[places[i].edit];
            return edited;
          },
          [&](size_t first_row, std::span<const float> rows) {
            std::copy(rows.begin(), rows.end(), after.data() + first_row * width);
          });
      const float* from = after.data();
      for (size_t edit = first; edit < next; ++edit) {
        const auto& own = positions[edit - first];
        std::vector<const float*> rows;
        for (size_t i = 0; i < own.size(); ++i, from += width) rows.push_back(from);
        sink(edit, own, {rows, width});
      }
    }
  }

  void apply(Edit edit) override {
    const auto positions = touched(edit);
    std::erase(subset_, edit.out);
    if (edit.in != core::kNoFeature) {
      subset_.insert(std::lower_bound(subset_.begin(), subset_.end(), edit.in), edit.in);
    }
    renew(positions);
  }

  std::unique_ptr<core::MaskState> on(std::span<const int32_t> positions) const override {
    auto part =
        std::make_unique<FunctionState>(model_, subset_, std::span<const int32_t>(), chosen_);
    for (const int32_t position : positions) {
      part->cells_.push_back(cells_[at(position)]);
      const auto from = outputs_.begin() + position * std::ssize(chosen_);
      part->outputs_.insert(part->outputs_.end(), from, from + std::ssize(chosen_));
    }
    return part;
  }

  void gains(std::span<const float> cotangent, std::span<double> sums) const override {
    std::fill(sums.begin(), sums.end(), 0.0);
    each_gain(cotangent, [&](size_t, std::span<const float> own) {
      for (size_t j = 0; j < own.size(); ++j) sums[j] += double{own[j]};
    });
  }

  void cell_gains(std::span<const float> cotangent, const core::CellGainSink& sink) const override {
    each_gain(cotangent, [&](size_t position, std::span<const float> own) {
      const auto features = model_.differing(cells_[position]);
      std::vector<float> gains;
      gains.reserve(features.size());
      for (const Feature j : features) gains.push_back(own[at(j)]);
      sink(position, features, gains);
    });
  }

 private:
  FunctionModel::Row row(int32_t position) const {
    return {.cell = cells_[at(position)],
            .subset = subset_,
            .edit = {},
            .noise = noise_ ? &*noise_ : nullptr,
            .gates = gates_.empty() ? nullptr : &gates_[at(position)]};
  }

  void each_gain(std::span<const float> cotangent,
                 const std::function<void(size_t, std::span<const float>)>& sink) const {
    model_.gains(
        cells_.size(), chosen_, [&](size_t i) { return row(static_cast<int32_t>(i)); }, cotangent,
        sink);
  }

  /// Computes the outputs at these positions.
  void renew(std::span<const int32_t> positions) {
    const size_t width = chosen_.size();
    model_.run(
        positions.size(), chosen_, [&](size_t i) { return row(positions[i]); },
        [&](size_t first, std::span<const float> rows) {
          for (size_t i = 0; i * width < rows.size(); ++i) {
            std::copy_n(rows.data() + i * width, width,
                        outputs_.data() + at(positions[first + i]) * width);
          }
        });
  }

  /// Positions at which an edit puts another value in, ascending.
  std::vector<int32_t> touched(Edit edit) const {
    std::vector<int32_t> positions;
    if (edit.in == edit.out) return positions;
    const auto moves = [&](int32_t cell, Feature j) {
      return j != core::kNoFeature && model_.differs(cell, j);
    };
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (moves(cells_[i], edit.out) || moves(cells_[i], edit.in)) {
        positions.push_back(static_cast<int32_t>(i));
      }
    }
    return positions;
  }

  const FunctionModel& model_;
  std::vector<Feature> subset_;
  std::vector<int32_t> cells_;
  std::vector<int32_t> chosen_;
  std::optional<core::Noise> noise_;
  std::vector<core::CellGates> gates_;  ///< one a cell, or none
  std::vector<float> outputs_;          ///< cells × chosen
};

}  // namespace

FunctionModel::FunctionModel(const OwnModel& model, const core::FeatureMatrix& rows,
                             std::vector<float> replacement)
    : model_(model), rows_(rows), replacement_(std::move(replacement)) {
  if (replacement_.size() != features()) {
    throw core::input_error("{} values for masked features; the rows have {} features",
                            replacement_.size(), features());
  }
  if (model.outputs < 1) throw core::input_error("{}: has no outputs", model.name);
  batch_ = tried_batch();
}

core::ModelShape FunctionModel::shape() const {
  return {static_cast<int32_t>(rows_.rows), static_cast<int32_t>(rows_.features), model_.outputs};
}

std::span<const float> FunctionModel::values(int32_t cell) const {
  return std::span(rows_.values).subspan(at(cell) * features(), features());
}

bool FunctionModel::differs(int32_t cell, Feature feature) const {
  return values(cell)[at(feature)] != replacement_[at(feature)];
}

std::vector<Feature> FunctionModel::differing(int32_t cell) const {
  std::vector<Feature> found;
  for (Feature j = 0; j < static_cast<Feature>(rows_.features); ++j) {
    if (differs(cell, j)) found.push_back(j);
  }
  return found;
}

void FunctionModel::fill(const Row& row, std::span<float> to) const {
  const auto unmasked = values(row.cell);
  std::copy(unmasked.begin(), unmasked.end(), to.begin());
  const auto mask = [&](Feature j) { to[at(j)] = replacement_[at(j)]; };
  for (const Feature j : row.subset) {
    if (j != row.edit.out) mask(j);
  }
  if (row.edit.in != core::kNoFeature) mask(row.edit.in);
  if (row.noise != nullptr) {
    core::RandomStream random(row.noise->seed, core::Purpose::kNoise, row.noise->copy,
                              static_cast<uint32_t>(row.cell));
    for (float& value : to) value += static_cast<float>(row.noise->deviation * random.normal());
  }
  for (size_t k = 0; row.gates != nullptr && k < row.gates->features.size(); ++k) {
    const Feature j = row.gates->features[k];
    const float gate = row.gates->gates[k];
    // Shut gates are masks, to the last bit.
    if (gate == 1) {
      mask(j);
    } else if (gate != 0) {
      to[at(j)] += gate * (replacement_[at(j)] - to[at(j)]);
    }
  }
}

std::vector<float> FunctionModel::batch_of(size_t first, size_t count, const RowOf& row) const {
  std::vector<float> batch(batch_ * features());
  for (size_t i = 0; i < batch_; ++i) {
    const auto to = std::span(batch).subspan(i * features(), features());
    fill(row(first + std::min(i, count - 1)), to);
  }
  return batch;
}

std::vector<float> FunctionModel::outputs_of(std::span<const float> batch) const {
  std::vector<float> outputs(batch_ * at(model_.outputs));
  const std::lock_guard lock(one_at_a_time_);
  model_.predict(batch, static_cast<int64_t>(batch_), outputs);
  return outputs;
}

void FunctionModel::run(size_t count, std::span<const int32_t> outputs, const RowOf& row,
                        const core::PredictionSink& sink) const {
  const size_t all = at(model_.outputs);
  for (size_t first = 0; first < count; first += batch_) {
    const size_t own = std::min(batch_, count - first);
    const auto found = outputs_of(batch_of(first, own, row));
    std::vector<float> chosen;
    chosen.reserve(own * outputs.size());
    for (size_t i = 0; i < own; ++i) {
      for (const int32_t output : outputs) {
        const float value = found[i * all + at(output)];
        if (!std::isfinite(value)) {
          throw core::input_error("{}: output {} of row {} is {}", model_.name, output,
                                  row(first + i).cell, value);
        }
        chosen.push_back(value);
      }
    }
    sink(first, chosen);
  }
}

void FunctionModel::gains(size_t count, std::span<const int32_t> outputs, const RowOf& row,
                          std::span<const float> cotangent,
                          const std::function<void(size_t, std::span<const float>)>& sink) const {
  if (!model_.gradient) {
    throw core::usage_error(
        "{}: this method needs gradients; give the function of gradients, or a method that needs "
        "none: greedy, random, knockout, lime, sage",
        model_.name);
  }
  const size_t all = at(model_.outputs), width = outputs.size();
  std::vector<float> slopes(batch_ * features()), gains(features());
  for (size_t first = 0; first < count; first += batch_) {
    const size_t own = std::min(batch_, count - first);
    const auto batch = batch_of(first, own, row);
    std::vector<float> directions(batch_ * all, 0.0f);
    for (size_t i = 0; i < own; ++i) {
      for (size_t o = 0; o < width; ++o) {
        directions[i * all + at(outputs[o])] = cotangent[(first + i) * width + o];
      }
    }
    {
      const std::lock_guard lock(one_at_a_time_);
      model_.gradient(batch, directions, static_cast<int64_t>(batch_), slopes);
    }
    for (size_t i = 0; i < own; ++i) {
      const auto unmasked = values(row(first + i).cell);
      for (size_t j = 0; j < features(); ++j) {
        gains[j] = slopes[i * features() + j] * (replacement_[j] - unmasked[j]);
      }
      sink(first + i, gains);
    }
  }
}

std::unique_ptr<core::MaskState> FunctionModel::begin(std::span<const Feature> subset,
                                                      std::span<const int32_t> cells,
                                                      std::span<const int32_t> outputs) const {
  return std::make_unique<FunctionState>(*this, subset, cells, outputs);
}

std::unique_ptr<core::GradientState> FunctionModel::begin_relaxed(
    std::span<const int32_t> cells, std::span<const int32_t> outputs,
    const core::Relaxation& relaxation) const {
  return std::make_unique<FunctionState>(*this, std::span<const Feature>(), cells, outputs,
                                         &relaxation);
}

void FunctionModel::predict(std::span<const core::MaskedCell> rows,
                            std::span<const int32_t> outputs,
                            const core::PredictionSink& sink) const {
  run(
      rows.size(), outputs,
      [&](size_t i) { return Row{.cell = rows[i].cell, .subset = rows[i].subset}; }, sink);
}

size_t FunctionModel::tried_batch() {
  for (const size_t batch : kBatches) {
    batch_ = batch;
    if (batch == 1 || is_sound()) return batch;
  }
  return 1;
}

/// A row gives the same at every place of a batch: among other rows, and among copies of itself.
bool FunctionModel::is_sound() {
  const size_t all = at(model_.outputs);
  const auto outputs = [&](const std::function<size_t(size_t)>& row) {
    return outputs_of(batch_of(0, batch_, [&](size_t i) {  // rows from all over the matrix
      return Row{.cell = static_cast<int32_t>(row(i) * at(rows_.rows) / batch_)};
    }));
  };
  const auto mixed = outputs([](size_t i) { return i; });
  const auto gives_the_same = [&](const std::function<size_t(size_t)>& row) {
    const auto other = outputs(row);
    for (size_t i = 0; i < batch_; ++i) {
      if (std::memcmp(other.data() + i * all, mixed.data() + row(i) * all, all * sizeof(float)) !=
          0) {
        return false;
      }
    }
    return true;
  };
  for (const size_t place : {size_t{0}, batch_ / 3, batch_ / 2, batch_ - 1}) {
    if (!gives_the_same([=](size_t) { return place; })) return false;
    if (!gives_the_same([=, this](size_t i) { return (i + place + 1) % batch_; })) return false;
  }
  return true;
}

}  // namespace grids
