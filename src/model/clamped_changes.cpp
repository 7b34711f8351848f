#include "model/clamped_changes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "base/simd.hpp"
#include "math/lanes.hpp"

namespace grids::core {
namespace {

/// A scalar product costs about as much as the product of matrices takes for eight outputs; with
/// more corrections than one output in sixteen the whole row soon is the cheaper way.
constexpr int64_t kOutputsPerCorrection = 16;
constexpr int64_t kFewCorrections = 4;

/// What is added to a movement before margins are held against it: far more than its rounding.
constexpr float kMovementSlack = 1.001f;

/// difference = after − before; gives |difference|².
GRIDS_CLONES float movement(int64_t size, const float* before, const float* after,
                            float* difference) {
  const int64_t whole = size / kLanes * kLanes;
  Lanes squares = {};
  for (int64_t i = 0; i < whole; i += kLanes) {
    const Lanes moved = lanes_at(after + i) - lanes_at(before + i);
    lanes_at(difference + i) = moved;
    squares += moved * moved;
  }
  float rest = 0;
  for (int64_t i = whole; i < size; ++i) {
    difference[i] = after[i] - before[i];
    rest += difference[i] * difference[i];
  }
  return sum_of(squares) + rest;
}

GRIDS_CLONES void add_to(int64_t size, const float* values, double* sums) {
  for (int64_t i = 0; i < size; ++i) sums[i] += values[i];
}

/// ⟨a, b⟩ of whole lanes. Four sums keep four multiply-adds in flight.
GRIDS_CLONES float product_of(int64_t size, const float* a, const float* b) {
  Lanes sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= size; i += 4 * kLanes) {
    for (int64_t k = 0; k < 4; ++k) {
      sums[k] += lanes_at(a + i + k * kLanes) * lanes_at(b + i + k * kLanes);
    }
  }
  for (; i < size; i += kLanes) sums[0] += lanes_at(a + i) * lanes_at(b + i);
  return sum_of((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/// What rows change that are summed behind the clamp.
GRIDS_CLONES void add_clamped(int64_t count, const float* before, const float* after,
                              double* sums) {
  for (int64_t g = 0; g < count; ++g) {
    const double from = before[g] > 0 ? before[g] : 0.0f;
    const double to = after[g] > 0 ? after[g] : 0.0f;
    sums[g] += to - from;
  }
}

GRIDS_CLONES void add_open(int64_t count, const uint8_t* open, const float* products,
                           double* sums) {
  for (int64_t g = 0; g < count; ++g) sums[g] += open[g] != 0 ? products[g] : 0.0f;
}

double norm_of(std::span<const float> weights) {
  double squares = 0;
  for (const float weight : weights) squares += double{weight} * weight;
  return std::sqrt(squares);
}

}  // namespace

ClampedChanges::ClampedChanges(const FoldedSurrogate& surrogate, const OutputLayer& layer,
                               std::span<const float> outputs, std::span<const float> latents,
                               std::span<const int32_t> others, ThreadPool& pool)
    : surrogate_(surrogate),
      layer_(layer),
      outputs_(outputs),
      hidden_size_(surrogate.shape().rna_hidden_1),
      hidden_stride_(padded(surrogate.shape().rna_hidden_1)) {
  const int64_t latent = surrogate_.shape().latent;
  const auto rows = static_cast<int64_t>(latents.size()) / latent;
  hidden_.resize(at(rows * hidden_size_));
  pool.for_blocks(rows, kTailRows, [&](int64_t begin, int64_t, int64_t) {
    surrogate_.tail_hidden(latents.data() + begin * latent, hidden_.data() + begin * hidden_size_);
  });
  make_weights(others);
  choose_open(others);
  cells_.resize(outputs_.size() / at(layer_.size()));
  pool.for_each(static_cast<int64_t>(cells_.size()),
                [&](int64_t position) { cells_[at(position)] = find_cell(position); });
}

void ClampedChanges::make_weights(std::span<const int32_t> others) {
  decoded_.assign(at(layer_.size()), 1);
  for (const int32_t g : others) decoded_[at(g)] = 0;
  weights_.assign(at(layer_.size() * hidden_stride_), 0.0f);
  norms_.assign(at(layer_.size()), 0.0f);
  for (int64_t g = 0; g < layer_.size(); ++g) {
    const auto row = std::span(weights_).subspan(at(g * hidden_stride_), at(hidden_size_));
    surrogate_.last_weights(layer_.genes[at(g)], row);
    norms_[at(g)] = static_cast<float>(norm_of(row));
  }
}

void ClampedChanges::choose_open(std::span<const int32_t> others) {
  std::vector<int64_t> above(at(layer_.size()), 0);
  for (size_t i = 0; i < outputs_.size(); ++i) above[i % above.size()] += outputs_[i] > 0 ? 1 : 0;
  const auto cells = static_cast<int64_t>(outputs_.size()) / layer_.size();
  open_.resize(at(layer_.size()));
  for (size_t g = 0; g < open_.size(); ++g) open_[g] = 2 * above[g] >= cells ? 1 : 0;
  for (const int32_t g : others) open_[at(g)] = 0;
}

ClampedChanges::Cell ClampedChanges::find_cell(int64_t position) const {
  const int64_t width = layer_.size();
  const float* outputs = outputs_.data() + position * width;
  const auto most = at(std::max(kFewCorrections, width / kOutputsPerCorrection));
  Cell cell;
  std::vector<float> margins(at(width), std::numeric_limits<float>::infinity());
  for (int32_t g = 0; g < width; ++g) {
    if (decoded_[at(g)] == 0) continue;
    if ((outputs[g] > 0) != (open_[at(g)] != 0)) {
      cell.always.push_back(g);
    } else if (norms_[at(g)] > 0) {  // else no mask moves it
      margins[at(g)] = std::abs(outputs[g]) / norms_[at(g)];
      cell.near.push_back(g);
    }
  }
  if (cell.always.size() > most) return {};  // whole rows; reach 0 says so
  const auto nearer = [&](int32_t a, int32_t b) {
    return margins[at(a)] != margins[at(b)] ? margins[at(a)] < margins[at(b)] : a < b;
  };
  cell.reach = std::numeric_limits<float>::infinity();
  if (cell.near.size() > most) {
    const auto end = cell.near.begin() + static_cast<std::ptrdiff_t>(most);
    std::nth_element(cell.near.begin(), end, cell.near.end(), nearer);
    cell.reach = margins[at(*end)];
    cell.near.resize(most);
  }
  cell.near.shrink_to_fit();
  std::sort(cell.near.begin(), cell.near.end(), nearer);
  cell.margins.reserve(cell.near.size());
  for (const int32_t g : cell.near) cell.margins.push_back(margins[at(g)]);
  return cell;
}

void ClampedChanges::add_products(int64_t count, const float* differences, double* sums) const {
  const int64_t width = layer_.size();
  const int64_t rows = (count + kTailRows - 1) / kTailRows * kTailRows;
  std::vector<float> in(at(rows * hidden_size_), 0.0f);
  std::vector<float> out(at(rows * width));
  std::copy_n(differences, count * hidden_size_, in.data());
  surrogate_.read_products(layer_, rows / kTailRows, in.data(), out.data());
  for (int64_t i = 0; i < count; ++i) {
    add_open(width, open_.data(), out.data() + i * width, sums + i * width);
  }
}

ClampedChanges::Sum::Sum(const ClampedChanges& changes)
    : of_(changes),
      difference_(at(changes.hidden_stride_), 0.0f),
      differences_(at(changes.hidden_size_), 0.0),
      corrections_(at(changes.layer_.size()), 0.0),
      whole_rows_(at(kTailRows * changes.hidden_size_), 0.0f),
      out_(at(kTailRows * changes.layer_.size())) {}

void ClampedChanges::Sum::add(int64_t position, const float* hidden) {
  const Cell& cell = of_.cells_[at(position)];
  if (cell.reach == 0) return add_whole_row(position, hidden);
  const float* before = of_.hidden_.data() + position * of_.hidden_size_;
  const float moved =
      kMovementSlack * std::sqrt(movement(of_.hidden_size_, before, hidden, difference_.data()));
  if (!(moved < cell.reach)) return add_whole_row(position, hidden);
  add_to(of_.hidden_size_, difference_.data(), differences_.data());
  const float* outputs = of_.outputs_.data() + position * of_.layer_.size();
  correct(cell.always, outputs);
  const auto end = std::upper_bound(cell.margins.begin(), cell.margins.end(), moved);
  correct(std::span(cell.near).first(at(end - cell.margins.begin())), outputs);
}

/// Of outputs in a row that is summed before the product: what the clamp makes of it, less what the
/// product will count.
void ClampedChanges::Sum::correct(std::span<const int32_t> chosen, const float* before) {
  for (const int32_t g : chosen) {
    const float change = product_of(of_.hidden_stride_, difference_.data(),
                                    of_.weights_.data() + int64_t{g} * of_.hidden_stride_);
    const double from = std::max(before[g], 0.0f);
    const double to = std::max(double{before[g]} + change, 0.0);
    corrections_[at(g)] += (to - from) - (of_.open_[at(g)] != 0 ? change : 0.0f);
  }
}

void ClampedChanges::Sum::add_whole_row(int64_t position, const float* hidden) {
  const auto row = static_cast<int64_t>(whole_places_.size());
  std::copy_n(hidden, of_.hidden_size_, whole_rows_.data() + row * of_.hidden_size_);
  whole_places_.push_back(position);
  if (row + 1 == kTailRows) finish_whole_rows();
}

void ClampedChanges::Sum::finish_whole_rows() {
  if (whole_places_.empty()) return;
  const int64_t width = of_.layer_.size();
  of_.surrogate_.read_rows(of_.layer_, std::ssize(whole_places_), whole_rows_.data(), out_.data());
  for (size_t i = 0; i < whole_places_.size(); ++i) {
    add_clamped(width, of_.outputs_.data() + whole_places_[i] * width,
                out_.data() + static_cast<int64_t>(i) * width, corrections_.data());
  }
  whole_places_.clear();
}

void ClampedChanges::Sum::finish(float* differences, double* rest) {
  finish_whole_rows();
  for (size_t i = 0; i < differences_.size(); ++i) {
    differences[i] = static_cast<float>(differences_[i]);
  }
  for (size_t g = 0; g < corrections_.size(); ++g) {
    rest[g] = of_.decoded_[g] != 0 ? corrections_[g] : rest[g];
  }
  std::fill(differences_.begin(), differences_.end(), 0.0);
  std::fill(corrections_.begin(), corrections_.end(), 0.0);
}

}  // namespace grids::core
