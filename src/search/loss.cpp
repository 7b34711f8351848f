#include "search/loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "math/exponential.hpp"

namespace grids::core {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

double positive_part(float output) {
  return std::max(double{output}, 0.0);
}

/// The entries of some cells, `width` each.
template <typename T>
std::vector<T> rows_of(const std::vector<T>& matrix, int64_t width, std::span<const int32_t> rows) {
  std::vector<T> result;
  if (matrix.empty()) return result;
  result.reserve(rows.size() * at(width));
  for (const int32_t row : rows) {
    const auto begin = matrix.begin() + row * width;
    result.insert(result.end(), begin, begin + width);
  }
  return result;
}

/// Mean of the clamped values of each column.
std::vector<double> column_means(std::span<const float> matrix, int64_t columns) {
  std::vector<double> means(at(columns), 0.0);
  const auto rows = static_cast<int64_t>(matrix.size()) / columns;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t j = 0; j < columns; ++j) {
      means[at(j)] += positive_part(matrix[at(row * columns + j)]);
    }
  }
  for (double& mean : means) mean /= static_cast<double>(std::max<int64_t>(1, rows));
  return means;
}

/// Fills what a rate is compared with: the sums of the cells' unmasked rates, and the weights.
void sum_rates(Loss& loss) {
  loss.rates_before.assign(at(loss.terms), 0.0);
  loss.weights.assign(at(loss.terms), 0.0);
  std::vector<double> rates(at(loss.terms));
  for (int64_t cell = 0; cell < loss.cells; ++cell) {
    expm1_of_positive(loss.terms, loss.start.data() + cell * loss.outputs, rates.data());
    for (size_t j = 0; j < rates.size(); ++j) loss.rates_before[j] += rates[j];
  }
  double total = 0;
  for (size_t j = 1; j < rates.size(); ++j) {
    if (!loss.left_out[j]) total += loss.rates_before[j];
  }
  for (size_t j = 1; j < rates.size(); ++j) {
    if (!loss.left_out[j] && total > 0) loss.weights[j] = loss.rates_before[j] / total;
  }
}

void count_cells(Loss& loss) {
  loss.counted_cells = std::count_if(loss.references.begin(), loss.references.end(),
                                     [](double reference) { return reference > 0; });
}

/// Least reference of each output in the second term.
std::vector<double> least_references(const Loss& loss, std::span<const double> floors) {
  std::vector<double> least;
  for (size_t j = 0; j < floors.size(); ++j) {
    const bool never = loss.left_out[j] || (!loss.observed && floors[j] <= 0);
    least.push_back(never ? kInfinite : loss.observed ? 0.0 : floors[j]);
  }
  return least;
}

/// Outputs in the second term of each cell.
std::vector<int64_t> outputs_taking_part(const Loss& loss) {
  std::vector<int64_t> taking_part(at(loss.cells), 0);
  for (int64_t cell = 0; cell < loss.cells; ++cell) {
    for (int64_t j = 1; j < loss.outputs; ++j) {
      const bool there = !loss.observed || loss.start[at(cell * loss.outputs + j)] > 0;
      taking_part[at(cell)] += there && loss.least[at(j)] < kInfinite ? 1 : 0;
    }
  }
  return taking_part;
}

void fill_eq11(Loss& loss, const LossInput& input, std::span<const double> floors) {
  loss.target_floor = floors[0];
  for (int64_t cell = 0; cell < loss.cells; ++cell) {
    const auto target = at(cell * loss.outputs);
    const double before = positive_part(input.before[target]);
    loss.below_floor.push_back(before < floors[0] ? 1 : 0);
    loss.references.push_back(loss.observed ? positive_part(input.observed[target])
                                            : std::max(before, floors[0]));
  }
  count_cells(loss);
  if (loss.beta <= 0) return;
  loss.least = least_references(loss, floors);
  loss.taking_part = outputs_taking_part(loss);
}

void require_sizes(const LossInput& input, const LossOptions& options) {
  if (input.outputs < 1 || input.before.size() % at(input.outputs) != 0 ||
      (!input.left_out.empty() && input.left_out.size() != at(input.outputs))) {
    throw internal_error("loss: {} predictions in rows of {} with {} marks", input.before.size(),
                         input.outputs, input.left_out.size());
  }
  if (options.kind == LossKind::kEq11 && options.reference == LossReference::kObserved &&
      input.observed.size() != input.before.size()) {
    throw internal_error("loss: {} observed values for {} predictions", input.observed.size(),
                         input.before.size());
  }
}

/// What all kinds have.
Loss plain_loss(const LossInput& input, const LossOptions& options) {
  Loss loss;
  loss.kind = options.kind;
  loss.cells = static_cast<int64_t>(input.before.size()) / input.outputs;
  loss.outputs = input.outputs;
  loss.counted_cells = loss.cells;
  loss.sign = options.direction == Direction::kDown ? 1 : -1;
  loss.beta = options.beta;
  return loss;
}

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

Loss make_loss(const LossInput& input, const LossOptions& options) {
  validate(options, "objective");
  require_sizes(input, options);
  Loss loss = plain_loss(input, options);
  if (loss.kind == LossKind::kCrossEntropy || loss.kind == LossKind::kOutput) return loss;
  const auto means = column_means(input.before, loss.outputs);
  if (!(means[0] > 0)) {
    throw input_error(
        "the surrogate predicts 0 for the target in each of the {} cells: masking peaks cannot "
        "change that; choose another gene or cell type",
        loss.cells);
  }
  if (loss.kind == LossKind::kValue) return loss;
  loss.observed = loss.kind == LossKind::kEq11 && options.reference == LossReference::kObserved;
  const auto start = loss.observed ? input.observed : input.before;
  loss.start.assign(start.begin(), start.end());
  loss.left_out.assign(at(loss.outputs), 0);
  std::copy(input.left_out.begin(), input.left_out.end(), loss.left_out.begin());
  if (loss.kind == LossKind::kRate) {
    loss.terms = loss.beta > 0 ? loss.outputs : 1;
    sum_rates(loss);
    return loss;
  }
  std::vector<double> floors;
  floors.reserve(means.size());
  for (const double mean : means) floors.push_back(options.floor_share * mean);
  fill_eq11(loss, input, floors);
  if (loss.counted_cells == 0) {
    throw input_error("no cell expresses the target; use the predicted reference");
  }
  return loss;
}

Loss loss_on(const Loss& loss, std::span<const int32_t> cells) {
  Loss part;
  part.kind = loss.kind;
  part.cells = std::ssize(cells);
  part.outputs = loss.outputs;
  part.terms = loss.terms;
  part.counted_cells = part.cells;
  part.sign = loss.sign;
  part.beta = loss.beta;
  part.start = rows_of(loss.start, loss.outputs, cells);
  part.left_out = loss.left_out;
  if (loss.kind == LossKind::kRate) sum_rates(part);
  if (loss.kind != LossKind::kEq11) return part;
  part.observed = loss.observed;
  part.target_floor = loss.target_floor;
  part.references = rows_of(loss.references, 1, cells);
  part.below_floor = rows_of(loss.below_floor, 1, cells);
  part.least = loss.least;
  part.taking_part = rows_of(loss.taking_part, 1, cells);
  count_cells(part);
  return part;
}

int64_t cells_below_floor(const Loss& loss) {
  return std::count(loss.below_floor.begin(), loss.below_floor.end(), 1);
}

}  // namespace grids::core
