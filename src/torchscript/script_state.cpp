#include "torchscript/script_state.hpp"

#include <algorithm>
#include <numeric>

#include "base/at.hpp"

namespace grids::core {
namespace {

/// Rows of `outputs_after` whose outputs may be held at once.
constexpr size_t kRowsAtOnce = size_t{1} << 16;

std::vector<int32_t> all_positions(size_t count) {
  std::vector<int32_t> positions(count);
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

}  // namespace

ScriptState::ScriptState(const ScriptModel& model, std::span<const Feature> subset,
                         std::span<const int32_t> cells, std::span<const int32_t> outputs)
    : model_(model),
      subset_(subset.begin(), subset.end()),
      cells_(cells.begin(), cells.end()),
      chosen_(outputs.begin(), outputs.end()),
      outputs_(cells.size() * outputs.size()) {
  std::sort(subset_.begin(), subset_.end());
  renew(all_positions(cells_.size()));
}

ScriptState::ScriptState(const ScriptModel& model, std::span<const int32_t> cells,
                         std::span<const int32_t> outputs, const Relaxation& relaxation)
    : model_(model),
      cells_(cells.begin(), cells.end()),
      chosen_(outputs.begin(), outputs.end()),
      outputs_(cells.size() * outputs.size()) {
  if (const auto* noise = std::get_if<Noise>(&relaxation)) {
    noise_ = *noise;
  } else {
    const auto gates = std::get<std::span<const CellGates>>(relaxation);
    gates_.assign(gates.begin(), gates.end());
  }
  renew(all_positions(cells_.size()));
}

ScriptModel::Row ScriptState::row(int64_t position) const {
  return {.cell = cells_[at(position)],
          .subset = subset_,
          .edit = {},
          .noise = noise_ ? &*noise_ : nullptr,
          .gates = gates_.empty() ? nullptr : &gates_[at(position)]};
}

void ScriptState::renew(std::span<const int32_t> positions) {
  model_.run(
      std::ssize(positions), chosen_, [&](int64_t i) { return row(positions[at(i)]); },
      [&](size_t first, std::span<const float> outputs) {
        const auto width = std::ssize(chosen_);
        for (size_t i = 0; i * chosen_.size() < outputs.size(); ++i) {
          std::copy_n(outputs.data() + static_cast<int64_t>(i) * width, width,
                      outputs_.data() + positions[first + i] * width);
        }
      });
}

std::vector<int32_t> ScriptState::touched(Edit edit) const {
  std::vector<int32_t> positions;
  if (edit.in == edit.out) return positions;
  const auto moves = [&](int32_t cell, Feature j) {
    return j != kNoFeature && model_.differs(cell, j);
  };
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (moves(cells_[i], edit.out) || moves(cells_[i], edit.in)) {
      positions.push_back(static_cast<int32_t>(i));
    }
  }
  return positions;
}

void ScriptState::outputs_after(std::span<const Edit> edits, const EditSink& sink) const {
  struct Place {
    size_t edit;
    int32_t position;
  };
  const size_t width = chosen_.size();
  for (size_t next = 0; next < edits.size();) {
    const size_t first = next;
    std::vector<std::vector<int32_t>> positions;
    std::vector<Place> places;
    for (; next < edits.size() && (next == first || places.size() < kRowsAtOnce); ++next) {
      positions.push_back(touched(edits[next]));
      for (const int32_t position : positions.back()) places.push_back({next, position});
    }
    std::vector<float> after(places.size() * width);
    model_.run(
        std::ssize(places), chosen_,
        [&](int64_t i) {
          const Place& place = places[at(i)];
          auto edited = row(place.position);
          edited.edit = edits[place.edit];
          return edited;
        },
        [&](size_t first_row, std::span<const float> rows) {
          std::copy(rows.begin(), rows.end(), after.data() + first_row * width);
        });
    const float* row = after.data();
    for (size_t edit = first; edit < next; ++edit) {
      const auto& own = positions[edit - first];
      std::vector<const float*> rows;
      for (size_t i = 0; i < own.size(); ++i, row += width) rows.push_back(row);
      sink(edit, own, {rows, width});
    }
  }
}

void ScriptState::apply(Edit edit) {
  const auto positions = touched(edit);
  std::erase(subset_, edit.out);
  if (edit.in != kNoFeature) {
    subset_.insert(std::lower_bound(subset_.begin(), subset_.end(), edit.in), edit.in);
  }
  renew(positions);
}

std::unique_ptr<MaskState> ScriptState::on(std::span<const int32_t> positions) const {
  std::vector<int32_t> cells;
  for (const int32_t position : positions) cells.push_back(cells_[at(position)]);
  auto part = std::make_unique<ScriptState>(model_, subset_, std::span<const int32_t>(), chosen_);
  part->cells_ = std::move(cells);
  for (const int32_t position : positions) {
    const auto row = outputs_.begin() + position * std::ssize(chosen_);
    part->outputs_.insert(part->outputs_.end(), row, row + std::ssize(chosen_));
  }
  return part;
}

void ScriptState::block_gains(
    std::span<const float> cotangent,
    const std::function<void(int64_t, int64_t, std::span<const float>)>& sink) const {
  const int64_t batch = model_.batch_;
  const size_t width = chosen_.size();
  model_.pool_.for_blocks(
      std::ssize(cells_), batch, [&](int64_t begin, int64_t end, int64_t block) {
        auto all = at::zeros({batch, model_.outputs_}, at::kFloat);
        auto* to = all.data_ptr<float>();
        for (int64_t i = begin; i < end; ++i) {
          for (size_t o = 0; o < width; ++o) {
            to[(i - begin) * model_.outputs_ + chosen_[o]] = cotangent[at(i) * width + o];
          }
        }
        model_.gains_of(
            end - begin, [&](int64_t i) { return row(begin + i); }, all,
            [&](int64_t i, std::span<const float> gains) { sink(block, begin + i, gains); });
      });
}

void ScriptState::gains(std::span<const float> cotangent, std::span<double> gains) const {
  const auto blocks = (std::ssize(cells_) + model_.batch_ - 1) / model_.batch_;
  std::vector<std::vector<double>> sums(at(blocks));
  block_gains(cotangent, [&](int64_t block, int64_t, std::span<const float> own) {
    auto& sum = sums[at(block)];
    sum.resize(own.size());
    for (size_t j = 0; j < own.size(); ++j) sum[j] += double{own[j]};
  });
  std::fill(gains.begin(), gains.end(), 0.0);
  for (const auto& sum : sums) {
    for (size_t j = 0; j < sum.size(); ++j) gains[j] += sum[j];
  }
}

void ScriptState::cell_gains(std::span<const float> cotangent, const CellGainSink& sink) const {
  block_gains(cotangent, [&](int64_t, int64_t position, std::span<const float> own) {
    const auto features = model_.differing(cells_[at(position)]);
    std::vector<float> gains;
    for (const Feature j : features) gains.push_back(own[at(j)]);
    sink(at(position), features, gains);
  });
}

}  // namespace grids::core
