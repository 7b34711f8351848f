#include "evaluate/set_summary.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/nan.hpp"
#include "evaluate/set_columns.hpp"
#include "explain/targets.hpp"

namespace grids::core {
namespace {

std::string type_name(const Study& study, std::optional<int32_t> type) {
  return type ? study.cells.type.names[at(*type)] : kAllTypes;
}

const std::string& gene_name(const Study& study, int32_t gene) {
  return study.genes.names[at(gene)];
}

/// What a row of a table is about: a set …
struct SetRow {
  const Study& study;
  const EvaluatedSet& set;
};

/// … one of its peaks, or of its partners, the i-th from 0 …
struct PeakRow : SetRow {
  size_t i;
  int32_t peak;

  FeatureScore score() const { return set.scores.empty() ? FeatureScore{} : set.scores[i]; }
  const Partner& partner() const { return set.partners.partners[i]; }
  /// A change of the mean rate, relative to the unmasked one.
  double relative(double change) const { return change / set.partners.rate; }
};

/// … or the contrast of it or of a random set beside it.
struct ContrastRow : SetRow {
  std::string which;
  const Contrast& contrast;
  bool judged;  ///< random sets are not
};

std::string type_of(const SetRow& row) {
  return type_name(row.study, row.set.type);
}

std::string gene_of(const SetRow& row) {
  return gene_name(row.study, row.set.gene);
}

std::string method_of(const SetRow& row) {
  return row.set.method;
}

size_t size_of(const SetRow& row) {
  return row.set.peaks.size();
}

std::string peak_of(const PeakRow& row) {
  return row.study.peaks.names[at(row.peak)];
}

std::string chromosome_of(const PeakRow& row) {
  const auto& peaks = row.study.peaks;
  return peaks.chromosomes[at(peaks.chromosome_of(row.peak))];
}

auto start_of(const PeakRow& row) {
  return row.study.peaks.start[at(row.peak)];
}

auto end_of(const PeakRow& row) {
  return row.study.peaks.end[at(row.peak)];
}

std::optional<int64_t> distance_of(const PeakRow& row) {
  return distance_to_tss(row.study, row.set.gene, row.peak);
}

std::optional<bool> is_in_transcribed_part(const PeakRow& row) {
  if (!distance_of(row)) return std::nullopt;
  return in_transcribed_part(row.study, row.set.gene, row.peak);
}

bool is_among(std::span<const int32_t> peaks, int32_t peak) {
  return std::find(peaks.begin(), peaks.end(), peak) != peaks.end();
}

std::optional<bool> is_in_minimal(const PeakRow& row) {
  const auto& minimal = row.set.partners.minimal;
  if (minimal.empty()) return std::nullopt;
  return is_among(minimal, row.peak);
}

Columns<PeakRow> subset_columns() {
  const auto score_interval =
      "its 95 % interval: `sage` by the standard error over permutations, `cxplain` over networks "
      "on bootstrap samples of the cells where there are several; else NA";
  const auto contrast_interval = "`slope_low` and `slope_high` of the set in `contrasts.tsv`";
  return {
      "subsets.tsv",
      "a row for each peak of each set; from `average_change` on, numbers are of the set and "
      "repeat on each of its rows",
      {{column::kLearnedIn, type_of},
       {column::kGene, gene_of},
       {column::kMethod, method_of},
       {column::kSetSize, size_of},
       {column::kRank, [](const PeakRow& row) { return row.i + 1; }},
       {column::kPeak, peak_of},
       {column::kChrom, chromosome_of},
       {column::kStart, start_of},
       {column::kEnd, end_of},
       {column::kDistanceToTss, distance_of},
       {column::kInTranscribedPart, is_in_transcribed_part},
       {column::kInMinimal, is_in_minimal},
       {"score",
        "what the method ranks the peak by (see below); NA for methods that score sets, and for "
        "those that look at measured cells",
        [](const PeakRow& row) { return row.score().score; }},
       {"score_low", score_interval, [](const PeakRow& row) { return row.score().low; }},
       {"score_high", score_interval, [](const PeakRow& row) { return row.score().high; }},
       {column::kAverageChange, [](const PeakRow& row) { return row.set.change.average_change; }},
       {column::kRelativeChange, [](const PeakRow& row) { return row.set.change.relative_change; }},
       {column::kRateChange, [](const PeakRow& row) { return row.set.change.rate_change; }},
       {column::kChangeCp100k, [](const PeakRow& row) { return row.set.change.change_cp100k; }},
       {column::kObjective, [](const PeakRow& row) { return row.set.objective; }},
       {column::kEvaluations, [](const PeakRow& row) { return row.set.evaluations; }},
       {column::kSeed, [](const PeakRow& row) { return row.set.seed; }},
       {column::kContrastSlope, [](const PeakRow& row) { return row.set.contrast.slope; }},
       {"contrast_low", contrast_interval, [](const PeakRow& row) { return row.set.contrast.low; }},
       {"contrast_high", contrast_interval,
        [](const PeakRow& row) { return row.set.contrast.high; }},
       {column::kContrastP, [](const PeakRow& row) { return Probability{row.set.contrast.p}; }},
       {column::kContrastQ, [](const PeakRow& row) { return Probability{row.set.contrast.q}; }},
       {"contrast_cells", "`cells` of the set in `contrasts.tsv`",
        [](const PeakRow& row) { return row.set.contrast.cells; }},
       {column::kVerdict,
        [](const PeakRow& row) { return verdict_name(row.set.contrast.verdict); }},
       {column::kContrastNote, [](const PeakRow& row) { return row.set.contrast.note; }}}};
}

Columns<PeakRow> partner_columns() {
  return {"partners.tsv",
          "a row for each partner of each set",
          {{column::kLearnedIn, type_of},
           {column::kGene, gene_of},
           {column::kMethod, method_of},
           {column::kSetSize, size_of},
           {"partner", "from 1, the largest single change first; at most `--partners` (10)",
            [](const PeakRow& row) { return row.i + 1; }},
           {column::kPeak, peak_of},
           {column::kChrom, chromosome_of},
           {column::kStart, start_of},
           {column::kEnd, end_of},
           {column::kDistanceToTss, distance_of},
           {column::kInTranscribedPart, is_in_transcribed_part},
           {"in_set", "`yes`: a member of the set that the minimal sub-set can spare",
            [](const PeakRow& row) { return is_among(row.set.peaks, row.peak); }},
           {column::kSingleChange,
            [](const PeakRow& row) { return row.relative(row.partner().single); }},
           {column::kChangeAfterMinimal,
            [](const PeakRow& row) { return row.relative(row.partner().after); }},
           {column::kSetChange,
            [](const PeakRow& row) { return row.relative(row.set.partners.change); }},
           {"minimal_change", "when only its minimal sub-set is masked",
            [](const PeakRow& row) { return row.relative(row.set.partners.minimal_change); }}}};
}

struct ChangeRow {
  const Study& study;
  const ChangeInType& entry;
};

Columns<ChangeRow> change_by_type_columns() {
  return {
      "change_by_type.tsv",
      "a row for each set and each type that has test cells",
      {{column::kLearnedIn.saying("where the set was learned"),
        [](const ChangeRow& row) { return type_name(row.study, row.entry.type); }},
       {column::kGene, [](const ChangeRow& row) { return gene_name(row.study, row.entry.gene); }},
       {column::kTestedIn,
        [](const ChangeRow& row) { return type_name(row.study, row.entry.tested_in); }},
       {column::kAverageChange,
        [](const ChangeRow& row) { return row.entry.change.average_change; }},
       {column::kRelativeChange,
        [](const ChangeRow& row) { return row.entry.change.relative_change; }},
       {column::kRateChange, [](const ChangeRow& row) { return row.entry.change.rate_change; }},
       {column::kChangeCp100k,
        [](const ChangeRow& row) { return row.entry.change.change_cp100k; }}}};
}

struct RandomRow {
  const Study& study;
  const RandomSets& sets;
  size_t i;
};

Columns<RandomRow> random_set_columns() {
  return {
      "random_sets.tsv",
      "sets of as many peaks, each drawn among peaks that are open about as often in the type's "
      "training cells",
      {{column::kLearnedIn,
        [](const RandomRow& row) { return type_name(row.study, row.sets.type); }},
       {column::kGene, [](const RandomRow& row) { return gene_name(row.study, row.sets.gene); }},
       {column::kSetSize, [](const RandomRow& row) { return row.sets.set_size; }},
       {column::kWhichSet.saying("from 1"), [](const RandomRow& row) { return row.i + 1; }},
       {column::kRelativeChange,
        [](const RandomRow& row) { return row.sets.changes[row.i].relative_change; }},
       {column::kRateChange,
        [](const RandomRow& row) { return row.sets.changes[row.i].rate_change; }},
       {column::kAverageChange,
        [](const RandomRow& row) { return row.sets.changes[row.i].average_change; }}}};
}

Columns<ContrastRow> contrast_columns() {
  return {
      "contrasts.tsv",
      "a row for each found set and for the first 20 of its random sets",
      {{column::kLearnedIn, type_of},
       {column::kGene, gene_of},
       {column::kMethod, method_of},
       {column::kSetSize, size_of},
       {column::kWhichSet, &ContrastRow::which},
       {column::kTestCells, [](const ContrastRow& row) { return row.contrast.cells; }},
       {column::kChangedCells, [](const ContrastRow& row) { return row.contrast.changed_cells; }},
       {column::kPredicted, [](const ContrastRow& row) { return row.contrast.predicted; }},
       {column::kObserved,
        [](const ContrastRow& row) { return row.contrast.slope * row.contrast.predicted; }},
       {column::kObservedLow, [](const ContrastRow& row) { return row.contrast.observed().first; }},
       {column::kObservedHigh,
        [](const ContrastRow& row) { return row.contrast.observed().second; }},
       {column::kSlope, [](const ContrastRow& row) { return row.contrast.slope; }},
       {column::kSlopeLow, [](const ContrastRow& row) { return row.contrast.low; }},
       {column::kSlopeHigh, [](const ContrastRow& row) { return row.contrast.high; }},
       {column::kP, [](const ContrastRow& row) { return Probability{row.contrast.p}; }},
       {column::kQ, [](const ContrastRow& row) { return Probability{row.contrast.q}; }},
       {column::kPBelowHalf,
        [](const ContrastRow& row) { return Probability{row.contrast.p_below_half}; }},
       {column::kQBelowHalf,
        [](const ContrastRow& row) { return Probability{row.contrast.q_below_half}; }},
       {column::kVerdict.saying("of the set (above); NA for random ones"),
        [](const ContrastRow& row) {
          return row.judged ? verdict_name(row.contrast.verdict) : "NA";
        }},
       {column::kDetectable, [](const ContrastRow& row) { return row.contrast.detectable; }},
       {"clusters",
        "donors (batches, where no donors were given) that the variance is clustered by; 0 = fewer "
        "than ten, cells taken as independent given their donor",
        [](const ContrastRow& row) { return row.contrast.clusters; }},
       {column::kNote, [](const ContrastRow& row) { return row.contrast.note; }}}};
}

struct SummaryRow : SetRow {
  const RandomSets& random;
  ChangeDirection direction;
  std::vector<Nearness> near;  ///< within kReportedDistances
};

std::optional<double> minimal_share(const SummaryRow& row) {
  const SetPartners& found = row.set.partners;
  if (found.minimal.empty()) return std::nullopt;
  return found.minimal_change / found.change;
}

Columns<SummaryRow> set_summary_columns() {
  return {
      "set_summary.tsv",
      "a row for each set",
      {{column::kLearnedIn, type_of},
       {column::kGene, gene_of},
       {column::kMethod, method_of},
       {column::kSetSize, size_of},
       {column::kTestCells, [](const SummaryRow& row) { return row.set.change.cells; }},
       {column::kChangeLow, [](const SummaryRow& row) { return row.set.intervals.relative.low; }},
       {column::kChangeHigh, [](const SummaryRow& row) { return row.set.intervals.relative.high; }},
       {column::kRateChangeLow, [](const SummaryRow& row) { return row.set.intervals.rate.low; }},
       {column::kRateChangeHigh, [](const SummaryRow& row) { return row.set.intervals.rate.high; }},
       {"random_sets", "how many it is compared with",
        [](const SummaryRow& row) { return row.random.changes.size(); }},
       {column::kPercentile,
        [](const SummaryRow& row) {
          return effect_size_percentile(row.set.change.relative_change, row.random, row.direction);
        }},
       {column::kShareNear, [](const SummaryRow& row) { return row.near[0].share; }},
       {column::kChanceNear, [](const SummaryRow& row) { return row.near[0].chance; }},
       {"share_within_1mb", "the same within 1 Mb",
        [](const SummaryRow& row) { return row.near[1].share; }},
       {"chance_within_1mb", column::kChanceNear.what,
        [](const SummaryRow& row) { return row.near[1].chance; }},
       {"share_within_10mb", "the same within 10 Mb",
        [](const SummaryRow& row) { return row.near[2].share; }},
       {"chance_within_10mb", column::kChanceNear.what,
        [](const SummaryRow& row) { return row.near[2].chance; }},
       {column::kFromCounts, [](const SummaryRow& row) { return row.study.has_counts(); }},
       {"minimal_peaks", "members of the minimal sub-set",
        [](const SummaryRow& row) { return row.set.partners.minimal.size(); }},
       {column::kMinimalShare, minimal_share},
       {column::kVerdict,
        [](const SummaryRow& row) { return verdict_name(row.set.contrast.verdict); }},
       {column::kDirection,
        [](const SummaryRow& row) {
          return row.direction == ChangeDirection::kDown ? "down" : "up";
        }},
       {"partners", "how many are in `partners.tsv`",
        [](const SummaryRow& row) { return row.set.partners.partners.size(); }},
       {column::kCaution, [](const SummaryRow& row) { return row.set.caution; }},
       {column::kGate, [](const SummaryRow& row) { return row.set.gate; }},
       {column::kDomain, [](const SummaryRow& row) { return domain_name(row.set.domain); }}}};
}

void require_random_sets_of_each(std::span<const EvaluatedSet> sets,
                                 std::span<const RandomSets> random) {
  if (random.size() == sets.size()) return;
  throw internal_error("{} sets, random sets for {}", sets.size(), random.size());
}

}  // namespace

Table subsets_table(const Study& study, std::span<const EvaluatedSet> sets) {
  std::vector<PeakRow> rows;
  for (const auto& set : sets) {
    for (size_t i = 0; i < set.peaks.size(); ++i) rows.push_back({{study, set}, i, set.peaks[i]});
  }
  return subset_columns().table(rows);
}

TableText describe_subsets() {
  return subset_columns().describe();
}

Table partners_table(const Study& study, std::span<const EvaluatedSet> sets) {
  std::vector<PeakRow> rows;
  for (const auto& set : sets) {
    const auto& partners = set.partners.partners;
    for (size_t i = 0; i < partners.size(); ++i) {
      rows.push_back({{study, set}, i, partners[i].feature});
    }
  }
  return partner_columns().table(rows);
}

TableText describe_partners() {
  return partner_columns().describe();
}

Table change_by_type_table(const Study& study, std::span<const ChangeInType> changes) {
  return change_by_type_columns().table(changes, [&](const ChangeInType& entry) {
    return ChangeRow{study, entry};
  });
}

TableText describe_change_by_type() {
  return change_by_type_columns().describe();
}

Table random_sets_table(const Study& study, std::span<const RandomSets> sets) {
  std::vector<RandomRow> rows;
  for (const auto& random : sets) {
    for (size_t i = 0; i < random.changes.size(); ++i) rows.push_back({study, random, i});
  }
  return random_set_columns().table(rows);
}

TableText describe_random_sets() {
  return random_set_columns().describe();
}

Table contrasts_table(const Study& study, std::span<const EvaluatedSet> sets,
                      std::span<const RandomSets> random) {
  require_random_sets_of_each(sets, random);
  std::vector<ContrastRow> rows;
  for (size_t i = 0; i < sets.size(); ++i) {
    rows.push_back({{study, sets[i]}, "found", sets[i].contrast, true});
    const auto& contrasts = random[i].contrasts;
    for (size_t k = 0; k < contrasts.size(); ++k) {
      rows.push_back({{study, sets[i]}, fmt::format("random {}", k + 1), contrasts[k], false});
    }
  }
  return contrast_columns().table(rows);
}

TableText describe_contrasts() {
  return contrast_columns().describe();
}

double effect_size_percentile(double found_relative_change, const RandomSets& random,
                              ChangeDirection direction) {
  const double sign = direction == ChangeDirection::kDown ? -1 : 1;
  double less_far = 0;
  for (const auto& change : random.changes) {
    const double ahead = sign * (found_relative_change - change.relative_change);
    if (ahead > 0) less_far += 1;
    if (ahead == 0) less_far += 0.5;
  }
  return 100 * less_far / static_cast<double>(random.changes.size());
}

std::vector<Nearness> nearness(const Study& study, int64_t gene, std::span<const int32_t> peaks,
                               std::span<const int64_t> distances) {
  std::vector<Nearness> result;
  for (const int64_t within : distances) result.push_back({within, kNaN, kNaN});
  if (!study.genes.has_position(gene)) return result;
  const auto is_near = [&](int64_t peak, int64_t within) {
    const auto distance = distance_to_tss(study, gene, peak);
    return distance && std::abs(*distance) <= within;
  };
  for (Nearness& entry : result) {
    int64_t near = 0;
    for (const int32_t peak : peaks) near += is_near(peak, entry.within) ? 1 : 0;
    entry.share = static_cast<double>(near) / static_cast<double>(peaks.size());
    int64_t near_of_all = 0;
    for (int64_t peak = 0; peak < study.peaks.size(); ++peak) {
      near_of_all += is_near(peak, entry.within) ? 1 : 0;
    }
    entry.chance = static_cast<double>(near_of_all) / static_cast<double>(study.peaks.size());
  }
  return result;
}

Table set_summary_table(const Study& study, std::span<const EvaluatedSet> sets,
                        std::span<const RandomSets> random, ChangeDirection direction) {
  require_random_sets_of_each(sets, random);
  std::vector<SummaryRow> rows;
  for (size_t i = 0; i < sets.size(); ++i) {
    rows.push_back({{study, sets[i]},
                    random[i],
                    direction,
                    nearness(study, sets[i].gene, sets[i].peaks, kReportedDistances)});
  }
  return set_summary_columns().table(rows);
}

TableText describe_set_summary() {
  return set_summary_columns().describe();
}

}  // namespace grids::core
