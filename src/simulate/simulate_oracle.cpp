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

}  // namespace

std::vector<GeneCeiling> measure_ceilings(const CellPlan& plan, const TrueRegulation& regulation,
                                          const Drawn& drawn, const Context& context) {
  const int64_t cells = plan.cells.size();
  const int64_t genes = regulation.genes();
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
  const WithinType within(plan.cells.type, covariates);
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
      const int32_t type = plan.cells.type[at(cell)];
      const double rate = regulation.state_rate(gene, type, plan.cells.scores_of(cell));
      const double cis =
          regulation.cis(gene, type, int{drawn.open_causes[at(cell * genes + gene)]});
      const double unit = scale / drawn.total_rate[at(cell)];
      state[at(cell)] = std::log1p(rate * unit);
      whole[at(cell)] = std::log1p(rate * cis * unit);
    }
    auto& ceiling = ceilings[at(gene)];
    ceiling.mean_count = sum / static_cast<double>(cells);
    ceiling.r = within.correlation(measured, whole);
    ceiling.r_without_cis = within.correlation(measured, state);
  });
  return ceilings;
}

}  // namespace grids::core::simulation
