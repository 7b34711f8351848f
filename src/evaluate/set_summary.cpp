#include "evaluate/set_summary.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/nan.hpp"
#include "explain/targets.hpp"

namespace grids {
namespace {

std::string type_name(const Study& study, std::optional<int32_t> type) {
  return type ? study.cells.type.names[at(*type)] : kAllTypes;
}

const std::string& gene_name(const Study& study, int32_t gene) {
  return study.genes.names[at(gene)];
}

/// Smaller than any float: `format_number` would make 0 of many.
std::string format_p(double p) {
  return std::isnan(p) ? "NA" : fmt::format("{:.4g}", p);
}

std::vector<std::string> contrast_row(const std::string& type, const std::string& gene,
                                      const std::string& method, size_t set_size,
                                      const std::string& name, const Contrast& contrast) {
  // A predicted change that is negative turns the interval round.
  const auto [low, high] =
      std::minmax({contrast.low * contrast.predicted, contrast.high * contrast.predicted});
  return {type,
          gene,
          method,
          std::to_string(set_size),
          name,
          std::to_string(contrast.cells),
          std::to_string(contrast.changed_cells),
          format_number(contrast.predicted),
          format_number(contrast.slope * contrast.predicted),
          format_number(low),
          format_number(high),
          format_number(contrast.slope),
          format_number(contrast.low),
          format_number(contrast.high),
          format_p(contrast.p),
          format_p(contrast.q),
          std::to_string(contrast.clusters),
          contrast.note};
}

bool is_among(std::span<const int32_t> peaks, int32_t peak) {
  return std::find(peaks.begin(), peaks.end(), peak) != peaks.end();
}

/// Name, chromosome, start, end, distance to the gene's TSS, whether in its transcribed part.
std::vector<std::string> place_of(const Study& study, int32_t gene, int32_t peak) {
  const auto& peaks = study.peaks;
  const auto distance = distance_to_tss(study, gene, peak);
  return {peaks.names[at(peak)],
          peaks.chromosomes[at(peaks.chromosome_of(peak))],
          std::to_string(peaks.start[at(peak)]),
          std::to_string(peaks.end[at(peak)]),
          distance ? std::to_string(*distance) : "NA",
          !distance                                ? "NA"
          : in_transcribed_part(study, gene, peak) ? "yes"
                                                   : "no"};
}

}  // namespace

Table subsets_table(const Study& study, std::span<const EvaluatedSet> sets) {
  Table table({"cell_type",
               "gene",
               "method",
               "L",
               "rank",
               "peak",
               "chrom",
               "start",
               "end",
               "distance_to_tss",
               "in_transcribed_part",
               "in_minimal",
               "score",
               "score_low",
               "score_high",
               "average_change",
               "relative_change",
               "change_cp100k",
               "objective",
               "evaluations",
               "seconds",
               "seed",
               "contrast_slope",
               "contrast_low",
               "contrast_high",
               "contrast_p",
               "contrast_q",
               "contrast_cells",
               "contrast_note"});
  for (const auto& set : sets) {
    const auto& minimal = set.partners.minimal;
    for (size_t rank = 0; rank < set.peaks.size(); ++rank) {
      const int32_t peak = set.peaks[rank];
      std::vector<std::string> row = {type_name(study, set.type), gene_name(study, set.gene),
                                      set.method, std::to_string(set.peaks.size()),
                                      std::to_string(rank + 1)};
      const auto place = place_of(study, set.gene, peak);
      row.insert(row.end(), place.begin(), place.end());
      const auto score = set.scores.empty() ? FeatureScore{} : set.scores[rank];
      row.insert(row.end(), {minimal.empty()           ? "NA"
                             : is_among(minimal, peak) ? "yes"
                                                       : "no",
                             format_number(score.score), format_number(score.low),
                             format_number(score.high), format_number(set.change.average_change),
                             format_number(set.change.relative_change),
                             format_number(set.change.change_cp100k), format_number(set.objective),
                             std::to_string(set.evaluations), fmt::format("{:.3f}", set.seconds),
                             std::to_string(set.seed), format_number(set.contrast.slope),
                             format_number(set.contrast.low), format_number(set.contrast.high),
                             format_p(set.contrast.p), format_p(set.contrast.q),
                             std::to_string(set.contrast.cells), set.contrast.note});
      table.add(std::move(row));
    }
  }
  return table;
}

Table partners_table(const Study& study, std::span<const EvaluatedSet> sets) {
  Table table({"cell_type", "gene", "method", "L", "partner", "peak", "chrom", "start", "end",
               "distance_to_tss", "in_transcribed_part", "in_set", "single_change",
               "change_after_minimal", "set_change", "minimal_change"});
  for (const auto& set : sets) {
    const SetPartners& found = set.partners;
    for (size_t i = 0; i < found.partners.size(); ++i) {
      const Partner& partner = found.partners[i];
      std::vector<std::string> row = {type_name(study, set.type), gene_name(study, set.gene),
                                      set.method, std::to_string(set.peaks.size()),
                                      std::to_string(i + 1)};
      const auto place = place_of(study, set.gene, partner.feature);
      row.insert(row.end(), place.begin(), place.end());
      row.emplace_back(is_among(set.peaks, partner.feature) ? "yes" : "no");
      for (const double change :
           {partner.single, partner.after, found.change, found.minimal_change}) {
        row.push_back(format_number(change / found.rate));
      }
      table.add(std::move(row));
    }
  }
  return table;
}

Table change_by_type_table(const Study& study, std::span<const ChangeInType> changes) {
  Table table(
      {"cell_type", "gene", "tested_in", "average_change", "relative_change", "change_cp100k"});
  for (const auto& entry : changes) {
    table.add({type_name(study, entry.type), gene_name(study, entry.gene),
               type_name(study, entry.tested_in), format_number(entry.change.average_change),
               format_number(entry.change.relative_change),
               format_number(entry.change.change_cp100k)});
  }
  return table;
}

Table random_sets_table(const Study& study, std::span<const RandomSets> sets) {
  Table table({"cell_type", "gene", "L", "set", "relative_change", "average_change"});
  for (const auto& random : sets) {
    for (size_t i = 0; i < random.changes.size(); ++i) {
      table.add({type_name(study, random.type), gene_name(study, random.gene),
                 std::to_string(random.set_size), std::to_string(i + 1),
                 format_number(random.changes[i].relative_change),
                 format_number(random.changes[i].average_change)});
    }
  }
  return table;
}

Table contrasts_table(const Study& study, std::span<const EvaluatedSet> sets,
                      std::span<const RandomSets> random) {
  if (random.size() != sets.size()) {
    throw internal_error("{} sets, random sets for {}", sets.size(), random.size());
  }
  Table table({"cell_type", "gene", "method", "L", "set", "cells", "changed_cells", "predicted",
               "observed", "observed_low", "observed_high", "slope", "slope_low", "slope_high", "p",
               "q", "clusters", "note"});
  for (size_t i = 0; i < sets.size(); ++i) {
    const auto& set = sets[i];
    const auto type = type_name(study, set.type);
    const auto& gene = gene_name(study, set.gene);
    table.add(contrast_row(type, gene, set.method, set.peaks.size(), "found", set.contrast));
    for (size_t k = 0; k < random[i].contrasts.size(); ++k) {
      table.add(contrast_row(type, gene, set.method, set.peaks.size(),
                             fmt::format("random {}", k + 1), random[i].contrasts[k]));
    }
  }
  return table;
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
  if (random.size() != sets.size()) {
    throw internal_error("{} sets, random sets for {}", sets.size(), random.size());
  }
  Table table({"cell_type", "gene", "method", "L", "cells", "random_sets", "percentile",
               "share_within_250kb", "chance_within_250kb", "share_within_1mb", "chance_within_1mb",
               "share_within_10mb", "chance_within_10mb", "counts", "minimal_peaks",
               "minimal_share", "partners", "caution"});
  for (size_t i = 0; i < sets.size(); ++i) {
    const auto& set = sets[i];
    std::vector<std::string> row = {
        type_name(study, set.type),
        gene_name(study, set.gene),
        set.method,
        std::to_string(set.peaks.size()),
        std::to_string(set.change.cells),
        std::to_string(random[i].changes.size()),
        format_number(effect_size_percentile(set.change.relative_change, random[i], direction))};
    for (const auto& entry : nearness(study, set.gene, set.peaks, kReportedDistances)) {
      row.push_back(format_number(entry.share));
      row.push_back(format_number(entry.chance));
    }
    row.emplace_back(study.has_counts() ? "yes" : "no");
    const SetPartners& found = set.partners;
    row.push_back(std::to_string(found.minimal.size()));
    row.push_back(
        format_number(found.minimal.empty() ? kNaN : found.minimal_change / found.change));
    row.push_back(std::to_string(found.partners.size()));
    row.push_back(set.caution);
    table.add(std::move(row));
  }
  return table;
}

}  // namespace grids
