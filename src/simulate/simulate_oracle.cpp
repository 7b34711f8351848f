#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "math/within_type.hpp"
#include "simulate/simulate_expression.hpp"

namespace grids::core::simulation {
namespace {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Expected counts of one gene in units of a cell's size, and of all genes.
struct Expected {
  double state = 0;  ///< were no cause open
  double whole = 0;
  double total = 0;
};

Expected expected_of_one(const CellLaws& laws, const Drawn& drawn, int64_t cell, int64_t gene) {
  const auto& cells = laws.plan.cells;
  const int32_t type = cells.type[at(cell)];
  const int open = drawn.open_causes[at(cell * laws.regulation.genes() + gene)];
  const double rate =
      laws.regulation.state_rate(gene, type, cells.scores_of(cell), cells.batch_of(cell));
  const double total = drawn.total_rate[at(cell)];
  const double share = laws.ambient.share();
  const double soup = share * total * laws.ambient.of(cells.batch_of(cell), at(gene));
  return {(1 - share) * rate + soup,
          (1 - share) * rate * laws.regulation.cis(gene, type, open) + soup, total};
}

/// With the second cell of a doublet.
Expected expected_counts(const CellLaws& laws, const Drawn& drawn, int64_t cell, int64_t gene) {
  Expected sum = expected_of_one(laws, drawn, cell, gene);
  const int32_t second = laws.plan.second[at(cell)];
  if (second < 0) return sum;
  const Expected more = expected_of_one(laws, drawn, second, gene);
  const double ratio = laws.plan.cells.rna_size[at(second)] / laws.plan.cells.rna_size[at(cell)];
  sum.state += ratio * more.state;
  sum.whole += ratio * more.whole;
  sum.total += ratio * more.total;
  return sum;
}

}  // namespace

std::vector<GeneCeiling> measure_ceilings(const CellLaws& laws, const Drawn& drawn,
                                          const Context& context) {
  const CellPlan& plan = laws.plan;
  const int64_t cells = plan.visible();
  const int64_t genes = laws.regulation.genes();
  const auto& peaks = drawn.observed.rows > 0 ? drawn.observed : drawn.latent;
  std::vector<double> total(at(cells)), log_total(at(cells)), log_open(at(cells));
  for (int64_t cell = 0; cell < cells; ++cell) {
    for (const float count : drawn.counts.row_values(cell)) {
      total[at(cell)] += static_cast<double>(count);
    }
    log_total[at(cell)] = std::log1p(total[at(cell)]);
    log_open[at(cell)] = std::log1p(static_cast<double>(peaks.row(cell).size()));
  }
  const double scale = median(total);
  const std::vector<std::vector<double>> covariates = {std::move(log_total), std::move(log_open)};
  const WithinType within(std::span(plan.cells.type).first(at(cells)), covariates);
  const auto by_gene = transpose(drawn.counts);

  std::vector<GeneCeiling> ceilings(at(genes));
  context.pool.for_each(genes, [&](int64_t gene) {
    context.check_cancelled();
    std::vector<double> measured(at(cells)), whole(at(cells)), state(at(cells));
    double sum = 0;
    const auto found = by_gene.row_indices(gene);
    for (size_t i = 0; i < found.size(); ++i) {
      const auto count = static_cast<double>(by_gene.row_values(gene)[i]);
      sum += count;
      measured[at(found[i])] = std::log1p(count * scale / total[at(found[i])]);
    }
    for (int64_t cell = 0; cell < cells; ++cell) {
      const Expected expected = expected_counts(laws, drawn, cell, gene);
      const double unit = scale / expected.total;
      state[at(cell)] = std::log1p(expected.state * unit);
      whole[at(cell)] = std::log1p(expected.whole * unit);
    }
    auto& ceiling = ceilings[at(gene)];
    ceiling.mean_count = sum / static_cast<double>(cells);
    ceiling.r = within.correlation(measured, whole);
    ceiling.r_without_cis = within.correlation(measured, state);
  });
  return ceilings;
}

}  // namespace grids::core::simulation
