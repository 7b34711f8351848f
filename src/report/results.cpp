#include "report/results.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "base/error.hpp"
#include "base/nan.hpp"
#include "evaluate/set_columns.hpp"
#include "evaluate/timings.hpp"

namespace grids::core {
namespace {

constexpr const char* kFiles[] = {"prepare.tsv",
                                  "training.tsv",
                                  "accuracy.tsv",
                                  "accuracy_summary.tsv",
                                  "alignment.tsv",
                                  "marker_means.tsv",
                                  "transferred_types.tsv",
                                  "markers.tsv",
                                  "umap.tsv",
                                  "silhouette.tsv",
                                  "subsets.tsv",
                                  "partners.tsv",
                                  "skipped.tsv",
                                  "marker_expression.tsv",
                                  "set_summary.tsv",
                                  "random_sets.tsv",
                                  "contrasts.tsv",
                                  "recovery.tsv",
                                  "change_by_type.tsv",
                                  "off_target.tsv",
                                  "timings.tsv",
                                  "redundancy.tsv",
                                  "members.tsv",
                                  "settings.tsv",
                                  "redundancy_summary.tsv",
                                  "redundancy_groups.tsv",
                                  "stability.tsv",
                                  "validation.tsv",
                                  "hits.tsv",
                                  "links.tsv",
                                  "evidence.tsv",
                                  "loci.tsv",
                                  "locus_genes.tsv",
                                  "design.tsv",
                                  "cis.tsv"};

using Key = std::tuple<std::string, std::string, std::string>;  // cell type, gene, L

Key key_of(const Table& table, size_t row) {
  return {table.text(row, column::kCellType), table.text(row, column::kGene),
          table.text(row, column::kSetSize)};
}

Key key_of(const SetView& set) {
  return {set.cell_type, set.gene, std::to_string(set.set_size)};
}

/// The sets of a folder by type, gene, L and method: what each row of a table belongs to, also
/// where there are tens of thousands of both.
class SetIndex {
 public:
  explicit SetIndex(std::vector<SetView>& sets) : sets_(&sets) {
    for (size_t i = 0; i < sets.size(); ++i)
      places_[{key_of(sets[i]), sets[i].method}].push_back(i);
  }

  template <typename Take>
  void each(const Table& table, size_t row, const Take& take) const {
    const auto found = places_.find({key_of(table, row), table.text(row, column::kMethod)});
    if (found == places_.end()) return;
    for (const size_t i : found->second) take((*sets_)[i]);
  }

 private:
  std::vector<SetView>* sets_;
  std::map<std::pair<Key, std::string>, std::vector<size_t>> places_;
};

/// False where the table, of an earlier version, has no such column.
bool says_yes(const Table& table, size_t row, const ColumnText& column) {
  return table.has(column) && table.text(row, column) == "yes";
}

/// Rows of a set follow each other; rank 1 or another gene, type or method begins the next.
std::vector<SetView> sets_of(const Table& table) {
  std::vector<SetView> sets;
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto rank = static_cast<int64_t>(table.number(row, column::kRank));
    const auto& type = table.text(row, column::kCellType);
    const auto& gene = table.text(row, column::kGene);
    const auto& method = table.text(row, column::kMethod);
    if (sets.empty() || rank == 1 || sets.back().cell_type != type || sets.back().gene != gene ||
        sets.back().method != method) {
      SetView set;
      set.cell_type = type;
      set.gene = gene;
      set.method = method;
      set.set_size = static_cast<int64_t>(table.number(row, column::kSetSize));
      set.average_change = table.number(row, column::kAverageChange);
      set.relative_change = shown_change(table, row);
      set.change_cp100k = table.number(row, column::kChangeCp100k);
      set.objective = table.number(row, column::kObjective);
      set.evaluations = table.number(row, column::kEvaluations);
      set.seconds = set.cells = set.percentile = set.near_share = set.near_chance = kNaN;
      set.relative_low = set.relative_high = kNaN;
      set.others_change = set.most_change = set.minimal_share = kNaN;
      sets.push_back(std::move(set));
    }
    sets.back().peaks.push_back(
        {rank, table.text(row, column::kPeak), table.text(row, column::kChrom),
         table.number(row, column::kStart), table.number(row, column::kEnd),
         table.number(row, column::kDistanceToTss), says_yes(table, row, column::kInMinimal),
         says_yes(table, row, column::kInTranscribedPart)});
  }
  return sets;
}

void add_random(const Table& table, std::vector<SetView>& sets) {
  std::map<Key, std::vector<double>> random;
  for (size_t row = 0; row < table.rows(); ++row) {
    random[key_of(table, row)].push_back(shown_change(table, row));
  }
  for (SetView& set : sets) set.random = random[key_of(set)];
}

void add_summary(const Table& table, const SetIndex& index) {
  for (size_t row = 0; row < table.rows(); ++row) {
    index.each(table, row, [&](SetView& set) {
      set.cells = table.number(row, column::kTestCells);
      set.percentile = table.number(row, column::kPercentile);
      set.near_share = table.number(row, column::kShareNear);
      set.near_chance = table.number(row, column::kChanceNear);
      set.from_counts = says_yes(table, row, column::kFromCounts);
      if (table.has(column::kRateChangeLow)) {
        set.relative_low = table.number(row, column::kRateChangeLow);
        set.relative_high = table.number(row, column::kRateChangeHigh);
      } else if (table.has(column::kChangeLow)) {
        set.relative_low = table.number(row, column::kChangeLow);
        set.relative_high = table.number(row, column::kChangeHigh);
      }
      if (table.has(column::kMinimalShare)) {
        set.minimal_share = table.number(row, column::kMinimalShare);
      }
      if (table.has(column::kCaution)) set.caution = table.text(row, column::kCaution);
      if (table.has(column::kGate)) set.gate = table.text(row, column::kGate);
      if (table.has(column::kDomain)) set.domain = table.text(row, column::kDomain);
      if (table.has(column::kDirection) && table.text(row, column::kDirection) == "up") {
        set.asked = ChangeDirection::kUp;
      }
    });
  }
}

void add_partners(const Table& table, const SetIndex& index) {
  for (size_t row = 0; row < table.rows(); ++row) {
    index.each(table, row, [&](SetView& set) {
      set.partners.push_back(
          {table.text(row, column::kPeak), table.number(row, column::kDistanceToTss),
           table.number(row, column::kSingleChange), table.number(row, column::kChangeAfterMinimal),
           table.number(row, column::kSetChange)});
    });
  }
}

void add_other_genes(const Table& table, const SetIndex& index) {
  for (size_t row = 0; row < table.rows(); ++row) {
    index.each(table, row, [&](SetView& set) {
      set.others_change = table.number(row, column::kOthersChange);
      set.most_changed = table.text(row, column::kMostChanged);
      set.most_change = table.number(row, column::kLargestChange);
    });
  }
}

void add_times(const Table& table, const SetIndex& index) {
  for (size_t row = 0; row < table.rows(); ++row) {
    index.each(table, row,
               [&](SetView& set) { set.seconds = table.number(row, column::kSeconds); });
  }
}

/// NaN where the table, of an earlier version, has no such column.
double number_of(const Table& table, size_t row, const ColumnText& column) {
  return table.has(column) ? table.number(row, column) : kNaN;
}

Contrast contrast_of(const Table& table, size_t row) {
  Contrast contrast;
  contrast.cells = static_cast<int64_t>(table.number(row, column::kTestCells));
  contrast.changed_cells = static_cast<int64_t>(table.number(row, column::kChangedCells));
  contrast.predicted = table.number(row, column::kPredicted);
  contrast.slope = table.number(row, column::kSlope);
  contrast.low = table.number(row, column::kSlopeLow);
  contrast.high = table.number(row, column::kSlopeHigh);
  contrast.p = table.number(row, column::kP);
  contrast.p_below_half = number_of(table, row, column::kPBelowHalf);
  contrast.detectable = number_of(table, row, column::kDetectable);
  contrast.note = table.text(row, column::kNote);
  return contrast;
}

/// A folder may hold tables of several runs, or a part of one: q and verdicts are made anew among
/// the sets that are there.
void add_contrasts(const Table& table, const SetIndex& index) {
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.text(row, column::kWhichSet) != "found") continue;
    index.each(table, row, [&](SetView& set) { set.contrast = contrast_of(table, row); });
  }
}

std::vector<Contrast> contrasts_of(const std::vector<SetView>& sets) {
  std::vector<Contrast> contrasts;
  contrasts.reserve(sets.size());
  for (const SetView& set : sets) contrasts.push_back(set.contrast);
  return contrasts;
}

/// Verdicts, and the sets in the order in which they stand.
void judge_and_order(std::vector<SetView>& sets) {
  auto contrasts = contrasts_of(sets);
  add_verdicts(contrasts);
  std::vector<ChangeDirection> asked;
  for (size_t i = 0; i < sets.size(); ++i) {
    sets[i].contrast = contrasts[i];
    asked.push_back(sets[i].asked);
  }
  std::vector<SetView> ordered;
  ordered.reserve(sets.size());
  for (const size_t i : order_of_standing(contrasts, asked)) ordered.push_back(std::move(sets[i]));
  sets = std::move(ordered);
}

/// What to do where a table lacks a column: another version of grids wrote the folder.
std::string remedy_of(const std::vector<Manifest>& manifests, const std::string& file) {
  if (manifests.empty()) return "another version of grids wrote it; make it again: grids run";
  const Manifest* writer = &manifests.back();
  for (const auto& manifest : manifests) {
    for (const auto& output : manifest.outputs) {
      if (output.path == file) writer = &manifest;
    }
  }
  return fmt::format("grids {} wrote it; make it again with this one, {}: grids {}",
                     writer->version, GRIDS_VERSION, writer->command);
}

constexpr const char* kManifestFile = "manifest.json";

/// Of the commands' inputs those that lie in the folder: a surrogate that was trained anew, beside
/// what was found with the one before.
std::vector<std::string> outdated_parts(const std::filesystem::path& folder,
                                        const std::vector<Manifest>& manifests) {
  std::map<std::string, std::string> now;  // by name, the contents
  std::map<std::string, std::string> commands;
  for (const auto& manifest : manifests) {
    for (const auto& input : manifest.inputs) {
      const auto name = std::filesystem::path(input.path).filename().string();
      std::error_code ignored;
      if (!std::filesystem::is_regular_file(folder / name, ignored)) continue;
      if (!now.contains(name)) now[name] = sha256_of(folder / name);
      if (now[name] == input.sha256) continue;
      auto& words = commands[name];
      words += (words.empty() ? "" : ", ") + manifest.command;
    }
  }
  std::vector<std::string> sentences;
  sentences.reserve(commands.size());
  for (const auto& [name, words] : commands) {
    sentences.push_back(
        fmt::format("{} in this folder is not the one that these commands read: {}; what they "
                    "wrote is shown beside it: do them again",
                    name, words));
  }
  return sentences;
}

}  // namespace

double shown_change(const Table& table, size_t row) {
  return table.number(
      row, table.has(column::kRateChange) ? column::kRateChange : column::kRelativeChange);
}

void require_results(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / kManifestFile)) return;
  for (const char* file : kFiles) {
    if (std::filesystem::exists(folder / file)) return;
  }
  throw input_error(
      "{}: holds no grids results (no manifest.json, no subsets.tsv, …); make some with: grids run",
      folder.string());
}

SetNature nature_of(const SetView& set) {
  const bool placed = std::any_of(set.peaks.begin(), set.peaks.end(),
                                  [](const PeakView& peak) { return !std::isnan(peak.distance); });
  if (is_without_measured(set.contrast)) return SetNature::kState;
  // Of a run that does not say where it searched, a gene may merely have no position.
  if (set.domain == "all" || (!set.domain.empty() && !placed)) return SetNature::kState;
  return set.gate == "B" ? SetNature::kUnconfirmed : SetNature::kElements;
}

const char* nature_name(SetNature nature) {
  switch (nature) {
    case SetNature::kElements:
      return "";
    case SetNature::kState:
      return "state";
    case SetNature::kUnconfirmed:
      return "unconfirmed";
  }
  return "";
}

const Table* Results::find(std::string_view file) const {
  const auto found = tables.find(file);
  return found == tables.end() || found->second.rows() == 0 ? nullptr : &found->second;
}

Results read_results(const std::filesystem::path& folder) {
  require_results(folder);
  Results results;
  results.folder = folder;
  if (std::filesystem::exists(folder / kManifestFile)) {
    results.manifests = read_manifests(folder / kManifestFile);
  }
  results.outdated = outdated_parts(folder, results.manifests);
  for (const char* file : kFiles) {
    if (std::filesystem::exists(folder / file)) {
      Table table = read_table(folder / file);
      table.remedy = remedy_of(results.manifests, file);
      results.tables.emplace(file, std::move(table));
    }
  }
  if (const Table* subsets = results.find("subsets.tsv")) {
    results.sets = sets_of(*subsets);
    results.is_published_change = !subsets->has(column::kRateChange);
  }
  if (const Table* random = results.find("random_sets.tsv")) add_random(*random, results.sets);
  const SetIndex index(results.sets);
  if (const Table* summary = results.find("set_summary.tsv")) add_summary(*summary, index);
  if (const Table* partners = results.find("partners.tsv")) {
    add_partners(*partners, index);
  }
  if (const Table* others = results.find("off_target.tsv")) {
    add_other_genes(*others, index);
  }
  if (const Table* times = results.find("timings.tsv")) add_times(*times, index);
  if (const Table* contrasts = results.find("contrasts.tsv")) {
    add_contrasts(*contrasts, index);
  }
  judge_and_order(results.sets);
  results.unpaired = results.find("transferred_types.tsv") != nullptr ||
                     std::any_of(results.sets.begin(), results.sets.end(), [](const SetView& set) {
                       return is_without_measured(set.contrast);
                     });
  return results;
}

std::set<std::pair<std::string, std::string>> contradicted_sets(const Results& results) {
  std::set<std::pair<std::string, std::string>> names;
  for (const SetView& set : results.sets) {
    if (set.contrast.verdict == Verdict::kContradicted) names.emplace(set.cell_type, set.gene);
  }
  return names;
}

std::vector<std::string> distinct(const Table& table, std::string_view column) {
  std::vector<std::string> values;
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto& value = table.text(row, column);
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  return values;
}

}  // namespace grids::core
