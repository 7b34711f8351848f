#include "search/row_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "search/row_state.hpp"

namespace grids::core {
namespace {

/// Sizes of a batch that are tried; the first that is sound is taken.
constexpr std::array<int64_t, 3> kBatchSizes = {128, 16, 1};

}  // namespace

RowModel::RowModel(std::string name, MaskableRows rows, ThreadPool* pool)
    : name_(std::move(name)), rows_(std::move(rows)), pool_(pool) {
  if (std::ssize(rows_.replacement) != features()) {
    throw input_error("{} values for masked features; the rows have {} features",
                      rows_.replacement.size(), features());
  }
}

void RowModel::settle(int32_t outputs) {
  if (outputs < 1) throw input_error("{}: has no outputs", name_);
  outputs_ = outputs;
  for (const int64_t batch : kBatchSizes) {
    batch_ = batch;
    if (batch == 1 || is_sound()) return;
  }
}

ModelShape RowModel::shape() const {
  return {static_cast<int32_t>(rows_.rows), static_cast<int32_t>(features()), outputs_};
}

std::span<const float> RowModel::values(int32_t cell) const {
  return rows_.values.subspan(at(cell) * at(features()), at(features()));
}

bool RowModel::differs(int32_t cell, Feature feature) const {
  return values(cell)[at(feature)] != rows_.replacement[at(feature)];
}

std::vector<Feature> RowModel::differing(int32_t cell) const {
  std::vector<Feature> found;
  for (Feature j = 0; j < features(); ++j) {
    if (differs(cell, j)) found.push_back(j);
  }
  return found;
}

void RowModel::put_masked(const Row& row, std::span<float> to) const {
  const auto unmasked = values(row.cell);
  std::copy(unmasked.begin(), unmasked.end(), to.begin());
  const auto mask = [&](Feature j) { to[at(j)] = rows_.replacement[at(j)]; };
  for (const Feature j : row.subset) {
    if (j != row.edit.out) mask(j);
  }
  if (row.edit.in != kNoFeature) mask(row.edit.in);
  for (size_t k = 0; row.gates != nullptr && k < row.gates->features.size(); ++k) {
    if (row.gates->gates[k] == 1) mask(row.gates->features[k]);
  }
}

void RowModel::for_batches(int64_t count,
                           const std::function<void(int64_t, int64_t, int64_t)>& work) const {
  if (pool_ != nullptr) {
    pool_->for_blocks(count, batch_, work);
    return;
  }
  for (int64_t begin = 0; begin < count; begin += batch_) {
    work(begin, std::min(begin + batch_, count), begin / batch_);
  }
}

void RowModel::run(int64_t count, std::span<const int32_t> outputs, const RowOf& row,
                   const PredictionSink& sink) const {
  for_batches(count, [&](int64_t begin, int64_t end, int64_t) {
    const auto all = outputs_of(end - begin, [&](int64_t i) { return row(begin + i); });
    std::vector<float> chosen;
    chosen.reserve(at(end - begin) * outputs.size());
    for (int64_t i = begin; i < end; ++i) {
      for (const int32_t output : outputs) {
        const float value = all[at((i - begin) * outputs_ + output)];
        chosen.push_back(value);
        if (std::isfinite(value)) continue;
        throw input_error("{}: output {} of row {}{} is {}", name_, output, row(i).cell,
                          rows_.source.empty() ? "" : " of " + rows_.source, value);
      }
    }
    sink(at(begin), chosen);
  });
}

void RowModel::gains(
    int64_t count, std::span<const int32_t> outputs, const RowOf& row,
    std::span<const float> cotangent,
    const std::function<void(int64_t, int64_t, std::span<const float>)>& sink) const {
  for_batches(count, [&](int64_t begin, int64_t end, int64_t batch) {
    std::vector<float> all(at(batch_ * outputs_), 0.0f);
    for (int64_t i = begin; i < end; ++i) {
      for (size_t o = 0; o < outputs.size(); ++o) {
        all[at((i - begin) * outputs_ + outputs[o])] = cotangent[at(i) * outputs.size() + o];
      }
    }
    gains_of(
        end - begin, [&](int64_t i) { return row(begin + i); }, all,
        [&](int64_t i, std::span<const float> own) { sink(batch, begin + i, own); });
  });
}

std::unique_ptr<MaskState> RowModel::begin(std::span<const Feature> subset,
                                           std::span<const int32_t> cells,
                                           std::span<const int32_t> outputs) const {
  return std::make_unique<RowState>(*this, subset, cells, outputs);
}

std::unique_ptr<GradientState> RowModel::begin_relaxed(std::span<const int32_t> cells,
                                                       std::span<const int32_t> outputs,
                                                       const Relaxation& relaxation) const {
  return std::make_unique<RowState>(*this, cells, outputs, relaxation);
}

void RowModel::predict(std::span<const MaskedCell> rows, std::span<const int32_t> outputs,
                       const PredictionSink& sink) const {
  run(
      std::ssize(rows), outputs,
      [&](int64_t i) { return Row{.cell = rows[at(i)].cell, .subset = rows[at(i)].subset}; }, sink);
}

/// A row gives the same at every place of a batch: among other rows, and among copies of itself. A
/// few rows at all places and all rows at a few: where places round in two ways, most rows happen
/// not to show it.
bool RowModel::is_sound() const {
  const auto outputs = [&](const std::function<int64_t(int64_t)>& row) {
    return outputs_of(batch_, [&](int64_t i) {  // rows from all over the matrix
      return Row{.cell = static_cast<int32_t>(row(i) * rows_.rows / batch_)};
    });
  };
  const auto mixed = outputs([](int64_t i) { return i; });
  const auto gives_the_same = [&](const std::function<int64_t(int64_t)>& row) {
    const auto other = outputs(row);
    for (int64_t i = 0; i < batch_; ++i) {
      if (std::memcmp(&other[at(i * outputs_)], &mixed[at(row(i) * outputs_)],
                      at(outputs_) * sizeof(float)) != 0) {
        return false;
      }
    }
    return true;
  };
  for (const int64_t place : {int64_t{0}, batch_ / 3, batch_ / 2, batch_ - 1}) {
    if (!gives_the_same([=](int64_t) { return place; })) return false;
    if (!gives_the_same([=, this](int64_t i) { return (i + place + 1) % batch_; })) return false;
  }
  return true;
}

}  // namespace grids::core
