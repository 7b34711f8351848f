#include "search/row_state.hpp"

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

RowState::RowState(const RowModel& model, std::span<const Feature> subset,
                   std::span<const int32_t> cells, std::span<const int32_t> outputs)
    : model_(model),
      subset_(subset.begin(), subset.end()),
      cells_(cells.begin(), cells.end()),
      chosen_(outputs.begin(), outputs.end()),
      outputs_(cells.size() * outputs.size()) {
  std::sort(subset_.begin(), subset_.end());
  renew(all_positions(cells_.size()));
}

RowState::RowState(const RowModel& model, std::span<const int32_t> cells,
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

RowModel::Row RowState::row(int64_t position) const {
  return {.cell = cells_[at(position)],
          .subset = subset_,
          .edit = {},
          .noise = noise_ ? &*noise_ : nullptr,
          .gates = gates_.empty() ? nullptr : &gates_[at(position)]};
}

void RowState::renew(std::span<const int32_t> positions) {
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

std::vector<int32_t> RowState::touched(Edit edit) const {
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

void RowState::outputs_after(std::span<const Edit> edits, const EditSink& sink) const {
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

void RowState::apply(Edit edit) {
  const auto positions = touched(edit);
  std::erase(subset_, edit.out);
  if (edit.in != kNoFeature) {
    subset_.insert(std::lower_bound(subset_.begin(), subset_.end(), edit.in), edit.in);
  }
  renew(positions);
}

std::unique_ptr<MaskState> RowState::on(std::span<const int32_t> positions) const {
  auto part = std::make_unique<RowState>(model_, subset_, std::span<const int32_t>(), chosen_);
  for (const int32_t position : positions) {
    part->cells_.push_back(cells_[at(position)]);
    const auto row = outputs_.begin() + position * std::ssize(chosen_);
    part->outputs_.insert(part->outputs_.end(), row, row + std::ssize(chosen_));
  }
  return part;
}

void RowState::gains(std::span<const float> cotangent, std::span<double> gains) const {
  // A sum a batch, then over batches: the same whichever is done first.
  std::vector<std::vector<double>> sums;
  sums.resize(at((std::ssize(cells_) + model_.batch_ - 1) / model_.batch_));
  model_.gains(
      std::ssize(cells_), chosen_, [&](int64_t i) { return row(i); }, cotangent,
      [&](int64_t batch, int64_t, std::span<const float> own) {
        auto& sum = sums[at(batch)];
        sum.resize(own.size());
        for (size_t j = 0; j < own.size(); ++j) sum[j] += double{own[j]};
      });
  std::fill(gains.begin(), gains.end(), 0.0);
  for (const auto& sum : sums) {
    for (size_t j = 0; j < sum.size(); ++j) gains[j] += sum[j];
  }
}

void RowState::cell_gains(std::span<const float> cotangent, const CellGainSink& sink) const {
  model_.gains(
      std::ssize(cells_), chosen_, [&](int64_t i) { return row(i); }, cotangent,
      [&](int64_t, int64_t position, std::span<const float> own) {
        const auto features = model_.differing(cells_[at(position)]);
        std::vector<float> gains;
        gains.reserve(features.size());
        for (const Feature j : features) gains.push_back(own[at(j)]);
        sink(at(position), features, gains);
      });
}

}  // namespace grids::core
