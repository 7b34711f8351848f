#include "methods/lime.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "base/at.hpp"
#include "base/random.hpp"
#include "math/mask_ridge.hpp"
#include "methods/scores.hpp"

namespace grids::core {
namespace {

/// Fewer neighbours say nothing about thousands of features.
constexpr int64_t kUsefulNeighbours = 256;

/// Bounds the memory: bytes of the tables of the cells that are explained side by side, and masked
/// features of the rows that are predicted at once.
constexpr int64_t kTableBytes = int64_t{1} << 27;
constexpr size_t kCellsATable = 16;
constexpr int64_t kLargestBatch = int64_t{1} << 23;

/// A cell on its way to its coefficients.
struct Neighbourhood {
  CellCoefficients cell;
  KeptTable table;
  std::vector<double> weights;
  std::vector<double> changes;
};

/// exp(−d²/width²) with d = 1 − cos(mask, all kept).
double kernel(int64_t kept, int64_t columns, double width) {
  const double cosine =
      std::sqrt(static_cast<double>(kept) / static_cast<double>(std::max<int64_t>(1, columns)));
  const double distance = (1 - cosine) / width;
  return std::exp(-distance * distance);
}

void draw(Neighbourhood& hood, int64_t rows, RandomStream random, double width) {
  hood.table = KeptTable(rows, static_cast<int64_t>(hood.cell.features.size()));
  KeptTable& table = hood.table;
  hood.weights.assign(at(rows), 1.0);
  hood.changes.assign(at(rows), 0.0);
  for (int64_t index = 0; index < table.words(); ++index) table.set_word(0, index, ~uint64_t{0});
  std::vector<uint32_t> halves(at((table.columns() + 31) / 32));
  for (int64_t row = 1; row < rows; ++row) {
    random.fill(halves);
    int64_t count = 0;
    for (int64_t index = 0; index < table.words(); ++index) {
      const size_t low = at(2 * index);
      const uint64_t high = low + 1 < halves.size() ? halves[low + 1] : 0;
      table.set_word(row, index, high << 32 | halves[low]);
      count += std::popcount(table.word(row, index));
    }
    hood.weights[at(row)] = kernel(count, table.columns(), width);
  }
}

std::vector<Feature> masked_of(const Neighbourhood& hood, int64_t row) {
  std::vector<Feature> masked;
  masked.reserve(hood.cell.features.size());
  for (int64_t index = 0; index < hood.table.words(); ++index) {
    uint64_t left = ~hood.table.word(row, index) & hood.table.columns_of_word(index);
    for (; left != 0; left &= left - 1) {
      masked.push_back(hood.cell.features[at(64 * index + std::countr_zero(left))]);
    }
  }
  return masked;
}

/// Predicts the rows of all neighbourhoods, some rows of each at a time.
void fill_changes(Objective& objective, const CellChanges& changes,
                  std::vector<Neighbourhood>& hoods, const Context& context) {
  int64_t features = 1;
  for (const auto& hood : hoods) features += hood.table.columns();
  const int64_t rows = hoods.front().table.rows();
  const int64_t rows_at_once = std::clamp<int64_t>(kLargestBatch / features, 16, rows);
  for (int64_t first = 0; first < rows; first += rows_at_once) {
    context.check_cancelled();
    const int64_t count = std::min(rows_at_once, rows - first);
    const auto all = static_cast<int64_t>(hoods.size()) * count;
    std::vector<std::vector<Feature>> subsets(at(all));
    std::vector<MaskedPosition> positions(at(all));
    context.pool.for_blocks(all, 64, [&](int64_t begin, int64_t end, int64_t) {
      for (int64_t i = begin; i < end; ++i) {
        const auto& hood = hoods[at(i / count)];
        subsets[at(i)] = masked_of(hood, first + i % count);
        positions[at(i)] = {hood.cell.position, subsets[at(i)]};
      }
    });
    const auto result = cell_changes(objective, changes, positions);
    for (int64_t i = 0; i < all; ++i) {
      hoods[at(i / count)].changes[at(first + i % count)] = result[at(i)];
    }
  }
}

std::vector<Feature> allowed_of(const Objective& objective, std::vector<Feature> features) {
  std::erase_if(features, [&](Feature feature) {
    return !std::binary_search(objective.allowed.begin(), objective.allowed.end(), feature);
  });
  return features;
}

/// From `first` on, as many cells as fit into the memory, at least one.
std::vector<Neighbourhood> next_hoods(const Objective& objective, std::span<const int32_t> cells,
                                      int64_t neighbours) {
  std::vector<Neighbourhood> hoods;
  int64_t bytes = 0;
  for (const int32_t position : cells) {
    auto features =
        allowed_of(objective, objective.model->differing(objective.cells[at(position)]));
    bytes += neighbours * static_cast<int64_t>(features.size()) / 4;  // bits, and transposed
    if (!hoods.empty() && (bytes > kTableBytes || hoods.size() == kCellsATable)) break;
    Neighbourhood hood;
    hood.cell = {position, std::move(features), {}};
    hoods.push_back(std::move(hood));
  }
  return hoods;
}

}  // namespace

void LimeOptions::describe(OptionSet& set) {
  set.value("--lime-neighbours", neighbours,
            "Random masks of a cell (published: 2048, for L = 128 1024)", at_least(2));
  set.value("--lime-kernel-width", kernel_width,
            "Distance from the cell at which a mask counts 1/e", above(0));
  set.value("--lime-ridge", ridge, "Penalty of the ridge regression", at_least(0));
  set.value("--lime-picks", picks, "lime-sp: cells picked", at_least(1));
}

LimeCost lime_cost(const Objective& objective, const LimeOptions& options) {
  const int64_t left = evaluations_left(objective);
  const int64_t useful = std::min(options.neighbours, kUsefulNeighbours);
  LimeCost cost;
  cost.cells = std::min(objective.cell_count(), left / useful);
  cost.neighbours =
      cost.cells == 0 ? 0 : std::min(options.neighbours, left / std::max<int64_t>(1, cost.cells));
  if (cost.cells == 0 && left >= 2 && objective.cell_count() > 0) cost = {1, left, false};
  cost.reduced = cost.cells < objective.cell_count() || cost.neighbours < options.neighbours;
  return cost;
}

LimeCost lime_coefficients(Objective& objective, const LimeOptions& options, uint64_t stream,
                           const Context& context,
                           const std::function<void(const CellCoefficients&)>& sink) {
  const LimeCost cost = lime_cost(objective, options);
  if (cost.cells == 0) return cost;
  const auto positions = some_cells(objective, cost.cells, stream, context);
  const CellChanges changes(objective);
  for (size_t first = 0; first < positions.size();) {
    auto hoods = next_hoods(objective, std::span(positions).subspan(first), cost.neighbours);
    const auto count = static_cast<int64_t>(hoods.size());
    context.pool.for_each(count, [&](int64_t i) {
      auto& hood = hoods[at(i)];
      const auto cell = static_cast<uint32_t>(objective.cells[at(hood.cell.position)]);
      draw(hood, cost.neighbours, {context.seed, Purpose::kMethods, stream, cell},
           options.kernel_width);
    });
    fill_changes(objective, changes, hoods, context);
    context.pool.for_each(count, [&](int64_t i) {
      auto& hood = hoods[at(i)];
      hood.cell.coefficients = mask_ridge(hood.table, hood.weights, hood.changes, options.ridge);
    });
    for (const auto& hood : hoods) sink(hood.cell);
    first += hoods.size();
  }
  return cost;
}

}  // namespace grids::core
