#include "search/loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "base/simd.hpp"
#include "math/exponential.hpp"
#include "search/plain_losses.hpp"

namespace grids::core {
namespace {

double clamped(float output) {
  return std::max(double{output}, 0.0);
}
double sign_of(Direction direction) {
  return direction == Direction::kDown ? 1.0 : -1.0;
}

/// The rows of a matrix in the given order.
std::vector<float> rows_of(const std::vector<float>& matrix, int64_t columns,
                           std::span<const int32_t> rows) {
  std::vector<float> result;
  result.reserve(rows.size() * at(columns));
  for (const int32_t row : rows) {
    const auto begin = matrix.begin() + row * columns;
    result.insert(result.end(), begin, begin + columns);
  }
  return result;
}

/// Mean of the clamped values of each column.
std::vector<double> column_means(std::span<const float> matrix, int64_t columns) {
  std::vector<double> means(at(columns), 0.0);
  const auto rows = static_cast<int64_t>(matrix.size()) / columns;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t j = 0; j < columns; ++j) means[at(j)] += clamped(matrix[at(row * columns + j)]);
  }
  for (double& mean : means) mean /= static_cast<double>(std::max<int64_t>(1, rows));
  return means;
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

class ValueLoss : public Loss {
 public:
  ValueLoss(int64_t cells, int64_t outputs, Direction direction)
      : cells_(cells), outputs_(outputs), direction_(direction) {}

  int64_t cells() const override { return cells_; }
  int64_t outputs() const override { return outputs_; }
  void cell_terms(int64_t, std::span<const float> outputs, std::span<double> terms) const override {
    terms[0] = clamped(outputs[0]);
  }
  double finish(std::span<const double> sums) const override {
    return sign_of(direction_) * sums[0] / static_cast<double>(cells_);
  }
  void cotangent(std::span<const float>, std::span<const double>,
                 std::span<float> cotangent) const override {
    std::fill(cotangent.begin(), cotangent.end(), 0.0f);
    for (int64_t cell = 0; cell < cells_; ++cell) {
      cotangent[at(cell * outputs_)] =
          static_cast<float>(sign_of(direction_) / static_cast<double>(cells_));
    }
  }
  std::unique_ptr<Loss> on(std::span<const int32_t> cells) const override {
    return std::make_unique<ValueLoss>(static_cast<int64_t>(cells.size()), outputs_, direction_);
  }

 private:
  int64_t cells_;
  int64_t outputs_;
  Direction direction_;
};

class RateLoss : public Loss {
 public:
  RateLoss(std::vector<float> before, int64_t outputs, std::vector<uint8_t> left_out,
           LossOptions options)
      : before_(std::move(before)),
        outputs_(outputs),
        left_out_(std::move(left_out)),
        options_(options),
        rates_before_(at(terms()), 0.0),
        weights_(at(terms()), 0.0) {
    std::vector<double> cell_rates(at(terms()));
    for (int64_t cell = 0; cell < cells(); ++cell) {
      cell_terms(cell, {before_.data() + cell * outputs_, at(outputs_)}, cell_rates);
      for (size_t j = 0; j < cell_rates.size(); ++j) rates_before_[j] += cell_rates[j];
    }
    double total = 0;
    for (int64_t j = 1; j < terms(); ++j) {
      if (!left_out_[at(j)]) total += rates_before_[at(j)];
    }
    for (int64_t j = 1; j < terms(); ++j) {
      if (!left_out_[at(j)] && total > 0) weights_[at(j)] = rates_before_[at(j)] / total;
    }
  }

  int64_t cells() const override { return static_cast<int64_t>(before_.size()) / outputs_; }
  int64_t outputs() const override { return outputs_; }
  int64_t terms() const override { return options_.beta > 0 ? outputs_ : 1; }
  void cell_terms(int64_t, std::span<const float> outputs, std::span<double> terms) const override {
    expm1_of_positive(static_cast<int64_t>(terms.size()), outputs.data(), terms.data());
  }
  double finish(std::span<const double> sums) const override {
    double value = 0;
    for (int64_t j = 1; j < terms(); ++j) {
      if (weights_[at(j)] == 0) continue;
      const double change = sums[at(j)] / rates_before_[at(j)] - 1;
      value += weights_[at(j)] * change * change;
    }
    // A batch of cells may have nothing to change although all cells together do.
    if (rates_before_[0] == 0) return options_.beta * value;
    const double ratio = sums[0] / rates_before_[0];
    return sign_of(options_.direction) * ratio * ratio + options_.beta * value;
  }
  void cotangent(std::span<const float> outputs, std::span<const double> sums,
                 std::span<float> cotangent) const override {
    std::vector<double> factors(at(terms()), 0.0);  // ∂value/∂(Σ rate_j)
    if (rates_before_[0] > 0) {
      factors[0] = sign_of(options_.direction) * 2 * sums[0] / rates_before_[0] / rates_before_[0];
    }
    for (int64_t j = 1; j < terms(); ++j) {
      const double before = rates_before_[at(j)];
      if (weights_[at(j)] == 0) continue;
      factors[at(j)] = options_.beta * weights_[at(j)] * 2 * (sums[at(j)] / before - 1) / before;
    }
    std::fill(cotangent.begin(), cotangent.end(), 0.0f);
    std::vector<double> rates(factors.size());
    for (int64_t cell = 0; cell < cells(); ++cell) {
      expm1_of_positive(terms(), outputs.data() + cell * outputs_, rates.data());
      rate_cotangents(terms(), rates.data(), factors.data(), cotangent.data() + cell * outputs_);
    }
  }
  std::unique_ptr<Loss> on(std::span<const int32_t> cells) const override {
    return std::make_unique<RateLoss>(rows_of(before_, outputs_, cells), outputs_, left_out_,
                                      options_);
  }

 private:
  std::vector<float> before_;
  int64_t outputs_;
  std::vector<uint8_t> left_out_;
  LossOptions options_;
  std::vector<double> rates_before_;  ///< Σ over cells, a number a term
  std::vector<double> weights_;       ///< of the second term; 0 for the target and those left out
};

class Eq11Loss : public Loss {
 public:
  Eq11Loss(std::vector<float> before, std::vector<float> observed, int64_t outputs,
           std::vector<uint8_t> left_out, std::vector<double> floors, LossOptions options)
      : before_(std::move(before)),
        observed_(std::move(observed)),
        outputs_(outputs),
        left_out_(std::move(left_out)),
        floors_(std::move(floors)),
        options_(options) {
    for (int64_t cell = 0; cell < cells(); ++cell) counted_cells_ += counts(cell) ? 1 : 0;
    if (options_.beta <= 0) return;
    for (size_t j = 0; j < floors_.size(); ++j) {
      const double least = is_observed() ? 0.0 : floors_[j];
      const bool never = left_out_[j] || (!is_observed() && floors_[j] <= 0);
      least_.push_back(never ? std::numeric_limits<double>::infinity() : least);
    }
    for (int64_t cell = 0; cell < cells(); ++cell) {
      int64_t count = 0;
      for (int64_t j = 1; j < outputs_; ++j) count += takes_part(cell, j) ? 1 : 0;
      taking_part_.push_back(count);
    }
  }

  int64_t cells() const override { return static_cast<int64_t>(before_.size()) / outputs_; }
  int64_t outputs() const override { return outputs_; }
  int64_t counted_cells() const { return counted_cells_; }
  int64_t cells_below_floor() const override {
    int64_t below = 0;
    for (int64_t cell = 0; cell < cells(); ++cell) {
      below += clamped(before_[at(cell * outputs_)]) < floors_[0] ? 1 : 0;
    }
    return below;
  }

  void cell_terms(int64_t cell, std::span<const float> outputs,
                  std::span<double> terms) const override {
    terms[0] = 0;
    if (!counts(cell)) return;
    const double ratio = clamped(outputs[0]) / reference(cell);
    terms[0] = sign_of(options_.direction) * ratio * ratio;
    if (options_.beta <= 0) return;
    const int64_t count = taking_part_[at(cell)];
    if (count == 0) return;
    terms[0] += options_.beta * squared_changes(others(cell), outputs.data() + 1) /
                static_cast<double>(count);
  }
  double finish(std::span<const double> sums) const override {
    return counted_cells_ == 0 ? 0 : sums[0] / static_cast<double>(counted_cells_);
  }
  void cotangent(std::span<const float> outputs, std::span<const double>,
                 std::span<float> cotangent) const override {
    std::fill(cotangent.begin(), cotangent.end(), 0.0f);
    for (int64_t cell = 0; cell < cells(); ++cell) {
      if (!counts(cell)) continue;
      const float* row = outputs.data() + cell * outputs_;
      float* out = cotangent.data() + cell * outputs_;
      const double ref = reference(cell);
      const double scale = 2 / static_cast<double>(counted_cells_);
      out[0] = static_cast<float>(sign_of(options_.direction) * scale *
                                  std::max(double{row[0]}, floors_[0]) / (ref * ref));
      const int64_t count = options_.beta > 0 ? taking_part_[at(cell)] : 0;
      if (count == 0) continue;
      change_cotangents(others(cell), row + 1, options_.beta * scale / static_cast<double>(count),
                        out + 1);
    }
  }
  std::unique_ptr<Loss> on(std::span<const int32_t> cells) const override {
    return std::make_unique<Eq11Loss>(
        rows_of(before_, outputs_, cells),
        observed_.empty() ? std::vector<float>{} : rows_of(observed_, outputs_, cells), outputs_,
        left_out_, floors_, options_);
  }

 private:
  bool is_observed() const { return options_.reference == LossReference::kObserved; }
  float observed(int64_t cell, int64_t j) const { return observed_[at(cell * outputs_ + j)]; }
  bool counts(int64_t cell) const { return !is_observed() || observed(cell, 0) > 0; }
  bool takes_part(int64_t cell, int64_t j) const {
    if (left_out_[at(j)]) return false;
    return is_observed() ? observed(cell, j) > 0 : floors_[at(j)] > 0;
  }
  /// Of the target.
  double reference(int64_t cell) const {
    if (is_observed()) return observed(cell, 0);
    return std::max(clamped(before_[at(cell * outputs_)]), floors_[0]);
  }
  /// The outputs behind the target.
  Eq11Row others(int64_t cell) const {
    const auto& start = is_observed() ? observed_ : before_;
    return {outputs_ - 1, start.data() + cell * outputs_ + 1, least_.data() + 1, is_observed()};
  }

  std::vector<float> before_;
  std::vector<float> observed_;
  int64_t outputs_;
  std::vector<uint8_t> left_out_;
  std::vector<double> floors_;
  LossOptions options_;
  int64_t counted_cells_ = 0;
  std::vector<double> least_;         ///< outputs: least reference, infinite for what is left out
  std::vector<int64_t> taking_part_;  ///< cells: outputs in the second term
};

}  // namespace

void LossOptions::describe(OptionSet& set) {
  set.choice<LossKind>(
      "--objective", kind,
      {{"rate", LossKind::kRate}, {"eq11", LossKind::kEq11}, {"value", LossKind::kValue}},
      "rate = mean predicted rate over the cells, squared ratio; eq11 = the "
      "paper's, per cell; value = the published code's mean value");
  set.value("--beta", beta,
            "Weight of leaving other genes as they are; above 0 every gene is computed",
            at_least(0));
  set.choice<LossReference>(
      "--reference", reference,
      {{"predicted", LossReference::kPredicted}, {"observed", LossReference::kObserved}},
      "eq11 divides by predicted or by observed expression");
  set.inner("floor-share", floor_share, above(0).at_most(1));
  set.rule([this](Problems& problems) {
    if (beta > 0 && kind != LossKind::kRate && kind != LossKind::kEq11) {
      problems.add("--beta is not read by --objective {}; use rate or eq11", loss_name(kind));
    }
    if (reference == LossReference::kObserved && kind != LossKind::kEq11) {
      problems.add("--reference observed belongs to --objective eq11, not to {}", loss_name(kind));
    }
  });
}

const char* loss_name(LossKind kind) {
  switch (kind) {
    case LossKind::kRate:
      return "rate";
    case LossKind::kEq11:
      return "eq11";
    case LossKind::kValue:
      return "value";
    case LossKind::kCrossEntropy:
      return "cross-entropy";
    case LossKind::kOutput:
      break;
  }
  return "output";
}

bool reads_all_outputs(const LossOptions& options) {
  return options.beta > 0 || options.kind == LossKind::kCrossEntropy;
}

std::unique_ptr<Loss> make_loss(const LossInput& input, const LossOptions& options) {
  validate(options, "objective");
  const int64_t outputs = input.outputs;
  if (outputs < 1 || input.before.size() % at(outputs) != 0 ||
      (!input.left_out.empty() && input.left_out.size() != at(outputs))) {
    throw internal_error("loss: {} predictions in rows of {} with {} marks", input.before.size(),
                         outputs, input.left_out.size());
  }
  const auto cells = static_cast<int64_t>(input.before.size()) / outputs;
  if (options.kind == LossKind::kCrossEntropy) {
    return std::make_unique<CrossEntropyLoss>(cells, outputs, options.direction);
  }
  if (options.kind == LossKind::kOutput) {
    return std::make_unique<OutputLoss>(cells, outputs, options.direction);
  }
  const auto means = column_means(input.before, outputs);
  if (!(means[0] > 0)) {
    throw input_error(
        "the surrogate predicts 0 for the target in each of the {} cells: masking peaks cannot "
        "change that; choose another gene or cell type",
        cells);
  }
  std::vector<float> before(input.before.begin(), input.before.end());
  std::vector<uint8_t> left_out(at(outputs), 0);
  std::copy(input.left_out.begin(), input.left_out.end(), left_out.begin());
  if (options.kind == LossKind::kRate) {
    return std::make_unique<RateLoss>(std::move(before), outputs, std::move(left_out), options);
  }
  if (options.kind == LossKind::kValue) {
    return std::make_unique<ValueLoss>(cells, outputs, options.direction);
  }
  std::vector<double> floors;
  floors.reserve(means.size());
  for (const double mean : means) floors.push_back(options.floor_share * mean);
  const bool observed = options.reference == LossReference::kObserved;
  if (observed && input.observed.size() != input.before.size()) {
    throw internal_error("loss: {} observed values for {} predictions", input.observed.size(),
                         input.before.size());
  }
  auto loss = std::make_unique<Eq11Loss>(
      std::move(before),
      observed ? std::vector<float>(input.observed.begin(), input.observed.end())
               : std::vector<float>{},
      outputs, std::move(left_out), std::move(floors), options);
  if (loss->counted_cells() == 0) {
    throw input_error("no cell expresses the target; use the predicted reference");
  }
  return loss;
}

std::vector<double> loss_sums(const Loss& loss, std::span<const float> outputs) {
  const auto width = at(loss.outputs());
  std::vector<double> sums(at(loss.terms()), 0.0);
  std::vector<double> terms(sums.size());
  for (int64_t cell = 0; cell < loss.cells(); ++cell) {
    loss.cell_terms(cell, outputs.subspan(at(cell) * width, width), terms);
    for (size_t t = 0; t < terms.size(); ++t) sums[t] += terms[t];
  }
  return sums;
}

double loss_value(const Loss& loss, std::span<const float> outputs) {
  return loss.finish(loss_sums(loss, outputs));
}

}  // namespace grids::core
