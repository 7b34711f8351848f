// A loss's equations (loss.hpp), a block of cells at a time.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "base/simd.hpp"
#include "math/exponential.hpp"
#include "search/loss.hpp"
#include "search/softmax.hpp"

namespace grids::core {
namespace {

double clamped(float output) {
  return std::max(double{output}, 0.0);
}

/// Where the rate is r, its derivative by the prediction is r + 1. Outputs without a factor get 0.
GRIDS_CLONES void rate_cotangents(int64_t count, const double* rates, const double* factors,
                                  float* cotangent) {
  for (int64_t j = 0; j < count; ++j) {
    const double slope = factors[j] * (rates[j] + 1);
    cotangent[j] = factors[j] == 0 ? 0.0f : static_cast<float>(slope);
  }
}

/// What a cell's outputs are held against in the second term of `eq11`, j = 0 …: `start` (clamped
/// at 0) is where an output should stay; it is divided by max(start, least), or by infinity where
/// it does not take part: where `least` is infinite, and, if `positive_only`, where start is 0.
struct Eq11Row {
  int64_t count = 0;
  const float* start = nullptr;
  const double* least = nullptr;
  bool positive_only = false;
};

constexpr int64_t kSums = 16;

/// Σ_j ((F_j − start_j) / reference_j)², in sixteen sums, which are then added in order.
GRIDS_CLONES double squared_changes(const Eq11Row& row, const float* outputs) {
  const double empty = row.positive_only ? std::numeric_limits<double>::infinity() : 0.0;
  double sums[kSums] = {};
  const auto square = [&](int64_t j) {
    const double start = std::max(double{row.start[j]}, 0.0);
    double reference = std::max(start, row.least[j]);
    reference = start > 0 ? reference : std::max(reference, empty);
    const double change = (std::max(double{outputs[j]}, 0.0) - start) / reference;
    return change * change;
  };
  int64_t j = 0;
  for (; j + kSums <= row.count; j += kSums) {
    for (int64_t lane = 0; lane < kSums; ++lane) sums[lane] += square(j + lane);
  }
  for (int64_t lane = 0; j < row.count; ++j, ++lane) sums[lane] += square(j);
  double sum = 0;
  for (const double lane : sums) sum += lane;
  return sum;
}

/// factor · (F_j − start_j) / reference_j².
GRIDS_CLONES void change_cotangents(const Eq11Row& row, const float* outputs, double factor,
                                    float* cotangent) {
  const double empty = row.positive_only ? std::numeric_limits<double>::infinity() : 0.0;
  for (int64_t j = 0; j < row.count; ++j) {
    const double start = std::max(double{row.start[j]}, 0.0);
    double reference = std::max(start, row.least[j]);
    reference = start > 0 ? reference : std::max(reference, empty);
    const double change = std::max(double{outputs[j]}, 0.0) - start;
    cotangent[j] = static_cast<float>(factor * change / (reference * reference));
  }
}

/// The outputs behind the target of one cell.
Eq11Row others_of(const Loss& loss, int64_t cell) {
  return {loss.outputs - 1, loss.start.data() + cell * loss.outputs + 1, loss.least.data() + 1,
          loss.observed};
}

void rate_terms(const Loss& loss, std::span<const float> outputs, std::span<double> terms) {
  if (loss.terms == loss.outputs) {
    expm1_of_positive(std::ssize(terms), outputs.data(), terms.data());
    return;
  }
  std::vector<float> targets(terms.size());
  for (size_t i = 0; i < targets.size(); ++i) targets[i] = outputs[i * at(loss.outputs)];
  expm1_of_positive(std::ssize(targets), targets.data(), terms.data());
}

double eq11_term(const Loss& loss, int32_t cell, const float* outputs) {
  const double reference = loss.references[at(cell)];
  if (!(reference > 0)) return 0;
  const double ratio = clamped(outputs[0]) / reference;
  const double term = loss.sign * ratio * ratio;
  const int64_t count = loss.beta > 0 ? loss.taking_part[at(cell)] : 0;
  if (count == 0) return term;
  return term + loss.beta * squared_changes(others_of(loss, cell), outputs + 1) /
                    static_cast<double>(count);
}

double cross_entropy(std::span<const float> outputs) {
  const auto scale = softmax_scale(outputs);
  return std::log(scale.sum) + scale.largest - double{outputs[0]};
}

/// The one term of a cell, of all kinds but `rate`.
double cell_term(const Loss& loss, int32_t cell, std::span<const float> outputs) {
  switch (loss.kind) {
    case LossKind::kEq11:
      return eq11_term(loss, cell, outputs.data());
    case LossKind::kValue:
      return clamped(outputs[0]);
    case LossKind::kCrossEntropy:
      return cross_entropy(outputs);
    default:
      return outputs[0];
  }
}

double finish_rate(const Loss& loss, std::span<const double> sums) {
  double value = 0;
  for (size_t j = 1; j < sums.size(); ++j) {
    if (loss.weights[j] == 0) continue;
    const double change = sums[j] / loss.rates_before[j] - 1;
    value += loss.weights[j] * change * change;
  }
  // A batch of cells may have nothing to change although all cells together do.
  if (loss.rates_before[0] == 0) return loss.beta * value;
  const double ratio = sums[0] / loss.rates_before[0];
  return loss.sign * ratio * ratio + loss.beta * value;
}

/// ∂value/∂(Σ rate_j).
std::vector<double> rate_factors(const Loss& loss, std::span<const double> sums) {
  std::vector<double> factors(at(loss.terms), 0.0);
  const auto& before = loss.rates_before;
  if (before[0] > 0) factors[0] = loss.sign * 2 * sums[0] / before[0] / before[0];
  for (size_t j = 1; j < factors.size(); ++j) {
    if (loss.weights[j] == 0) continue;
    factors[j] = loss.beta * loss.weights[j] * 2 * (sums[j] / before[j] - 1) / before[j];
  }
  return factors;
}

void rate_cotangent(const Loss& loss, const float* outputs, std::span<const double> sums,
                    float* cotangent) {
  const auto factors = rate_factors(loss, sums);
  std::vector<double> rates(factors.size());
  for (int64_t cell = 0; cell < loss.cells; ++cell) {
    expm1_of_positive(loss.terms, outputs + cell * loss.outputs, rates.data());
    rate_cotangents(loss.terms, rates.data(), factors.data(), cotangent + cell * loss.outputs);
  }
}

void eq11_cotangent(const Loss& loss, const float* outputs, float* cotangent) {
  const double scale = 2 / static_cast<double>(loss.counted_cells);
  for (int64_t cell = 0; cell < loss.cells; ++cell) {
    const double reference = loss.references[at(cell)];
    if (!(reference > 0)) continue;
    const float* row = outputs + cell * loss.outputs;
    float* out = cotangent + cell * loss.outputs;
    out[0] = static_cast<float>(loss.sign * scale * std::max(double{row[0]}, loss.target_floor) /
                                (reference * reference));
    const int64_t count = loss.beta > 0 ? loss.taking_part[at(cell)] : 0;
    if (count == 0) continue;
    change_cotangents(others_of(loss, cell), row + 1,
                      loss.beta * scale / static_cast<double>(count), out + 1);
  }
}

void entropy_cotangent(const Loss& loss, std::span<const float> outputs,
                       std::span<float> cotangent) {
  const double weight = loss.sign / static_cast<double>(loss.cells);
  const auto width = at(loss.outputs);
  for (size_t first = 0; first < outputs.size(); first += width) {
    const auto row = outputs.subspan(first, width);
    const auto scale = softmax_scale(row);
    // The target's own slope is minus the sum of the others': 1 − p would lose a small 1 − p.
    double others = 0;
    for (size_t j = 1; j < width; ++j) {
      const double share = std::exp(double{row[j]} - scale.largest) / scale.sum;
      others += share;
      cotangent[first + j] = static_cast<float>(weight * share);
    }
    cotangent[first] = static_cast<float>(-weight * others);
  }
}

/// Of a mean of the target's outputs.
void mean_cotangent(const Loss& loss, std::span<float> cotangent) {
  for (size_t first = 0; first < cotangent.size(); first += at(loss.outputs)) {
    cotangent[first] = static_cast<float>(loss.sign / static_cast<double>(loss.cells));
  }
}

}  // namespace

void loss_terms(const Loss& loss, std::span<const int32_t> cells, std::span<const float> outputs,
                std::span<double> terms) {
  const auto width = at(loss.outputs);
  if (loss.kind == LossKind::kRate) return rate_terms(loss, outputs, terms);
  for (size_t i = 0; i < cells.size(); ++i) {
    terms[i] = cell_term(loss, cells[i], outputs.subspan(i * width, width));
  }
}

double loss_finish(const Loss& loss, std::span<const double> sums) {
  switch (loss.kind) {
    case LossKind::kRate:
      return finish_rate(loss, sums);
    case LossKind::kEq11:
      return loss.counted_cells == 0 ? 0 : sums[0] / static_cast<double>(loss.counted_cells);
    case LossKind::kValue:
      return loss.sign * sums[0] / static_cast<double>(loss.cells);
    default:
      return loss.sign / static_cast<double>(loss.cells) * sums[0];
  }
}

void loss_cotangent(const Loss& loss, std::span<const float> outputs, std::span<const double> sums,
                    std::span<float> cotangent) {
  std::fill(cotangent.begin(), cotangent.end(), 0.0f);
  switch (loss.kind) {
    case LossKind::kRate:
      return rate_cotangent(loss, outputs.data(), sums, cotangent.data());
    case LossKind::kEq11:
      return eq11_cotangent(loss, outputs.data(), cotangent.data());
    case LossKind::kCrossEntropy:
      return entropy_cotangent(loss, outputs, cotangent);
    default:
      return mean_cotangent(loss, cotangent);
  }
}

}  // namespace grids::core
