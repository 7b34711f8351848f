#include "redundancy/interplay_sets.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "redundancy/fit_rates.hpp"
#include "redundancy/redundancy_rows.hpp"

namespace grids::core {
namespace {

constexpr double kPooledConfidence = 0.95;

FitOfSettings fit_on(const Study& study, const FitOfGene& fit, std::span<const Element> elements,
                     std::span<const int32_t> cells) {
  FitOfSettings result;
  result.settings = settings_of(study, elements, cells);
  for (const int32_t cell : cells) result.types.push_back(study.cells.type.codes[at(cell)]);
  result.own = fit.log_rates(elements, result.settings);
  result.closed = fit.log_rates(elements, std::vector<Setting>(cells.size(), 0));
  return result;
}

SeenCells seen_by_fit(const Study& study, const StudySurrogate& surrogate, const SetRedundancy& set,
                      std::span<const Element> elements,
                      const StudySurrogate::CellsToPredict& cells, ThreadPool& pool) {
  SeenCells seen;
  for (const int32_t cell : cells.cells) seen.total_rna.push_back(study.cells.total_rna[at(cell)]);
  const FitOfGene fit(study, surrogate, set.target.gene, cells, pool);
  seen.fit = fit_on(study, fit, elements, cells.cells);
  seen.dispersion = fit.dispersion();
  return seen;
}

struct InterplayRow : SetRow {
  const Contrast& held_out() const { return set.interplay.held_out; }
  bool tested() const { return !std::isnan(held_out().p); }
  std::string note() const {
    return held_out().note.empty() && !tested() ? set.result.reason : held_out().note;
  }
};

Columns<InterplayRow> interplay_columns() {
  return {
      "interplay.tsv", "a row for each set with two or more judged elements",
      with_set<InterplayRow>({
          {"without",
           "`additive` or `multiplicative`: on which scale the nearest fit without interplay has "
           "the "
           "elements act; NA where nothing was tested",
           [](const InterplayRow& row) {
             return row.tested() ? std::optional(scale_name(row.set.interplay.without))
                                 : std::nullopt;
           }},
          {"slope",
           "measured ÷ predicted of what interplay adds in the fit, in test cells: 1 = as "
           "predicted, 0 = there is none",
           [](const InterplayRow& row) { return row.held_out().slope; }},
          {"slope_low", "its 95 % interval",
           [](const InterplayRow& row) { return row.held_out().low; }},
          {"slope_high", "its 95 % interval",
           [](const InterplayRow& row) { return row.held_out().high; }},
          {"p_interplay", "one-sided, slope above 0",
           [](const InterplayRow& row) { return Probability{row.held_out().p}; }},
          {"departure",
           "from multiplying, in test cells: natural log, for each pair of open elements; elements "
           "that add depart, too",
           [](const InterplayRow& row) { return row.set.interplay.departure; }},
          {"p_departure", "two-sided (the test of GLiMMIRS)",
           [](const InterplayRow& row) { return Probability{row.set.interplay.p_departure}; }},
          {"cells", "test cells", [](const InterplayRow& row) { return row.held_out().cells; }},
          {"note", "why there is no slope, or what to know", &InterplayRow::note},
      })};
}

}  // namespace

Interplay interplay_of(const Study& study, const StudySurrogate& surrogate,
                       const SetRedundancy& set, const CellsOfType& of_type,
                       const RedundancyOptions& options, ThreadPool& pool) {
  const auto& cells = of_type.judged().contrast;
  const auto elements = set.judged_elements();
  const FitOfGene fit(study, surrogate, set.target.gene, of_type.measured(), pool);
  Interplay none;
  none.held_out.cells = std::ssize(cells.cells);
  if (!fit.joins(elements)) {
    none.held_out.note = kNoInterplay;
    return none;
  }
  if (cells.cells.empty()) {
    none.held_out.note = "only 0 cells";
    return none;
  }
  return interplay_held_out(study, set.target.gene, elements.size(),
                            seen_by_fit(study, surrogate, set, elements, of_type.seen(), pool),
                            cells, fit_on(study, fit, elements, cells.cells), options.contrast);
}

PooledSlope pooled_interplay(std::span<const Contrast> slopes) {
  return pooled_slope(slopes, kPooledConfidence);
}

Table interplay_table(const Study& study, std::span<const SetRedundancy> sets) {
  std::vector<const SetRedundancy*> judged;
  for (const auto& set : sets) {
    if (set.judged >= 2) judged.push_back(&set);
  }
  return interplay_columns().table(judged, [&](const SetRedundancy* set) {
    return InterplayRow{{study, *set}};
  });
}

TableText describe_interplay() {
  return interplay_columns().describe();
}

void tell_interplay(const PooledSlope& pooled, const Context& context) {
  if (pooled.sets == 0) return;
  context.reporter.info(fmt::format(
      "what elements do together, in test cells: {:.2f} (95 % interval {:.2f} to {:.2f}) of what "
      "the "
      "fit says, over {} {} (see interplay.tsv)",
      pooled.slope, pooled.low, pooled.high, pooled.sets, pooled.sets == 1 ? "set" : "sets"));
}

}  // namespace grids::core
