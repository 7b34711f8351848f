#include "view/saved_sets.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/at.hpp"
#include "evaluate/set_columns.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

/// Scores of BED end here.
constexpr double kMostScore = 1000;

Column<SavedSet> probability(std::string_view name, std::string_view what,
                             double SavedSet::*which) {
  return {ColumnText{name, what}, [which](const SavedSet& set) { return Probability{set.*which}; },
          [which](SavedSet& set, const Cell& cell) { cell.into(set.*which); }};
}

/// A name in a line of BED, whose fields end at tabs.
std::string in_bed(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return name;
}

}  // namespace

Columns<SavedSet> saved_set_columns() {
  return {
      "view_sets.tsv",
      "a row for each set that was chosen and kept in `grids view`, in the order in which they "
      "were "
      "kept",
      {{"set", "its number, from 1", &SavedSet::set},
       {column::kCellType.saying("whose cells; `all`: of all types together"),
        &SavedSet::cell_type},
       {column::kGene, &SavedSet::gene},
       {"peaks", "that are masked, as the study names them", &SavedSet::peaks},
       {"rate_change",
        "predicted change when all are masked in the surrogate, as in `subsets.tsv`, over training "
        "and validation cells",
        &SavedSet::rate_change},
       {"slope", "of the held-out contrast in test cells; NA here and below: never judged",
        &SavedSet::slope},
       {"slope_low", "its interval of 95 %", &SavedSet::slope_low},
       {"slope_high", "its interval of 95 %", &SavedSet::slope_high},
       probability("p", "one-sided, slope > 0, of this set alone", &SavedSet::p),
       {"looks", "sets of this gene that test cells were asked about, until now", &SavedSet::looks},
       probability("p_adjusted", "p × looks, at most 1", &SavedSet::p_adjusted),
       {"status", "`exploratory`: chosen by looking, whatever p is", &SavedSet::status},
       {"note", "of whoever kept it", &SavedSet::note}}};
}

TableText describe_saved_sets() {
  return saved_set_columns().describe();
}

double adjusted_for_looks(double p, int64_t looks) {
  return std::isnan(p) ? kNaN : std::min(1.0, p * static_cast<double>(looks));
}

std::string bed_of_sets(const Study& study, std::span<const SavedSet> sets) {
  std::map<std::string_view, size_t> places;
  for (size_t i = 0; i < study.peaks.names.size(); ++i) places.emplace(study.peaks.names[i], i);
  std::string text;
  for (const auto& set : sets) {
    const double share = std::isnan(set.rate_change) ? 0 : std::abs(set.rate_change);
    for (const auto& name : set.peaks) {
      const auto found = places.find(name);
      if (found == places.end()) continue;  // of a file that was changed by hand
      const size_t peak = found->second;
      const int32_t chromosome = study.peaks.chromosome_of(static_cast<int64_t>(peak));
      text += fmt::format("{}\t{}\t{}\t{}\t{:.0f}\t.\n",
                          in_bed(study.peaks.chromosomes[at(chromosome)]), study.peaks.start[peak],
                          study.peaks.end[peak],
                          in_bed(fmt::format("{}|{}|set {}", set.gene, set.cell_type, set.set)),
                          std::min(kMostScore, kMostScore * share));
    }
  }
  return text;
}

}  // namespace grids::core
