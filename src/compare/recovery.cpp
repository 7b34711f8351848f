#include "compare/recovery.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "base/error.hpp"
#include "base/nan.hpp"
#include "evaluate/set_columns.hpp"
#include "evaluate/set_summary.hpp"
#include "evaluate/similar_peaks.hpp"

namespace grids::core {
namespace {

using PeakIndex = std::unordered_map<std::string_view, int32_t>;

PeakIndex index_of_peaks(const Study& study) {
  PeakIndex index;
  for (size_t i = 0; i < study.peaks.names.size(); ++i) {
    index.emplace(study.peaks.names[i], static_cast<int32_t>(i));
  }
  return index;
}

/// The peak of a row.
int32_t peak_called(const Table& table, size_t row, const PeakIndex& index) {
  const auto& peak = table.text(row, column::kPeak);
  const auto found = index.find(peak);
  if (found == index.end()) {
    throw input_error(
        "{}: row {}: the study has no peak '{}'; subsets and study must come from the same cells",
        table.source, row + 1, peak);
  }
  return found->second;
}

/// Partners of the sets, which are found by type, gene, method and L.
void add_partners(const Table& partners, const PeakIndex& index, std::vector<FoundSet>& sets) {
  std::map<std::array<std::string, 4>, std::vector<Partner>> of_set;
  for (size_t row = 0; row < partners.rows(); ++row) {
    of_set[{partners.text(row, column::kCellType), partners.text(row, column::kGene),
            partners.text(row, column::kMethod), partners.text(row, column::kSetSize)}]
        .push_back({.feature = peak_called(partners, row, index)});
  }
  for (FoundSet& set : sets) {
    const auto found =
        of_set.find({set.cell_type, set.gene, set.method, std::to_string(set.peaks.size())});
    if (found != of_set.end()) set.partners.partners = found->second;
  }
}

/// The rows of the table, put together by set.
std::vector<FoundSet> found_sets(const Table& subsets, const PeakIndex& index) {
  std::vector<FoundSet> sets;
  std::map<std::array<std::string, 5>, size_t> position;
  const bool has_minimal = subsets.has(column::kInMinimal);
  for (size_t row = 0; row < subsets.rows(); ++row) {
    const std::array<std::string, 5> key = {
        subsets.text(row, column::kCellType), subsets.text(row, column::kGene),
        subsets.text(row, column::kMethod), subsets.text(row, column::kSetSize),
        subsets.text(row, column::kSeed)};
    const auto [entry, fresh] = position.try_emplace(key, sets.size());
    if (fresh) sets.push_back({key[0], key[1], key[2], key[4], {}});
    FoundSet& set = sets[entry->second];
    set.peaks.push_back(peak_called(subsets, row, index));
    if (has_minimal && subsets.text(row, column::kInMinimal) == "yes") {
      set.partners.minimal.push_back(set.peaks.back());
    }
  }
  return sets;
}

const GeneTruth& truth_of(const std::map<std::string_view, const GeneTruth*>& genes,
                          const std::string& gene) {
  const auto found = genes.find(gene);
  if (found == genes.end()) {
    throw input_error("the truth has no gene '{}'; was it simulated with these cells?", gene);
  }
  return *found->second;
}

bool acts_in(const GeneTruth& gene, const std::string& cell_type) {
  if (cell_type == "all") return !gene.types.empty();
  return std::find(gene.types.begin(), gene.types.end(), cell_type) != gene.types.end();
}

/// Those of the named peaks that the study has.
std::vector<int32_t> peaks_named(const std::vector<std::string>& names, const PeakIndex& index) {
  std::vector<int32_t> peaks;
  for (const auto& name : names) {
    if (const auto found = index.find(name); found != index.end()) peaks.push_back(found->second);
  }
  return peaks;
}

/// The mean of the hypergeometric law: `draws` of `total` peaks, `members` of them wanted. A draw
/// larger than the total takes all.
double expected_members(int64_t draws, int64_t members, int64_t total) {
  if (total == 0) return 0;
  return static_cast<double>(members) * static_cast<double>(std::min(draws, total)) /
         static_cast<double>(total);
}

bool is_near(const Study& study, int64_t gene, int64_t peak, int64_t window) {
  const auto distance = distance_to_tss(study, gene, peak);
  return distance && std::abs(*distance) <= window;
}

/// Fills what depends on where the peaks lie.
void measure_positions(const Study& study, int64_t gene, const std::vector<int32_t>& found,
                       const std::vector<int32_t>& members, int64_t window, SetRecovery& result) {
  const auto near = nearness(study, gene, found, std::array{window}).front();
  result.near_tss_share = near.share;
  result.near_tss_chance = near.chance;
  result.expected_near_tss = kNaN;
  if (std::isnan(near.chance)) return;
  const int64_t peaks_near = std::llround(near.chance * static_cast<double>(study.peaks.size()));
  const int64_t members_near = std::count_if(members.begin(), members.end(), [&](int32_t peak) {
    return is_near(study, gene, peak, window);
  });
  result.expected_near_tss = expected_members(result.set_size, members_near, peaks_near);
}

int64_t count_found(const std::vector<int32_t>& wanted, const std::unordered_set<int32_t>& found) {
  return std::count_if(wanted.begin(), wanted.end(),
                       [&](int32_t peak) { return found.contains(peak); });
}

/// Which peaks of a study follow which programme, and what chance gives.
class Programmes {
 public:
  Programmes(const PeakTruth& peaks, const Truth& truth, const Study& study,
             const RecoveryOptions& options)
      : truth_(truth), study_(study), options_(options), peaks_(peaks) {
    std::unordered_map<std::string_view, size_t> known;
    for (size_t i = 0; i < peaks.names.size(); ++i) known.emplace(peaks.names[i], i);
    for (const auto& name : study.peaks.names) {
      const auto found = known.find(name);
      if (found == known.end()) {
        throw input_error(
            "the truth about peaks does not know '{}', which the study has; were both made from "
            "the same simulated cells?",
            name);
      }
      row_.push_back(found->second);
    }
  }

  void measure(const FoundSet& set, const GeneTruth& gene, SetRecovery& result) {
    const auto type = std::find(truth_.types.begin(), truth_.types.end(), set.cell_type);
    const auto programme =
        type == truth_.types.end() ? -1 : static_cast<int32_t>(type - truth_.types.begin());
    if (programme >= 0) {
      result.programme = share(set, [&](size_t row) {
        return peaks_.programme[row] == programme && peaks_.type_level[row] > 0;
      });
    }
    if (gene.programme == programme) return;
    result.gene_programme = share(set, [&](size_t row) {
      return peaks_.programme[row] == gene.programme && peaks_.level[row] > 0;
    });
  }

 private:
  /// `follows` takes a row of the truth.
  ProgrammeShare share(const FoundSet& set, const std::function<bool(size_t)>& follows) {
    const auto share_of = [&](const std::vector<int32_t>& peaks) {
      const auto count = std::count_if(peaks.begin(), peaks.end(), [&](int32_t peak) {
        return follows(row_[static_cast<size_t>(peak)]);
      });
      return peaks.empty() ? kNaN : static_cast<double>(count) / static_cast<double>(peaks.size());
    };
    KnownSum chance;
    const SimilarPeaks& similar = similar_in(set.cell_type);
    for (const int32_t peak : set.peaks) {
      chance.add(share_of(similar.free_around(peak, set.peaks)));
    }
    return {share_of(set.peaks), chance.mean()};
  }

  const SimilarPeaks& similar_in(const std::string& cell_type) {
    const auto known = similar_.find(cell_type);
    if (known != similar_.end()) return known->second;
    // "all", which is no type's name, takes the cells of all types.
    const auto cells = study_.cells_of(Split::kTrain, study_.cells.type.code_of(cell_type));
    return similar_
        .emplace(cell_type, SimilarPeaks(select_rows(study_.open, cells), options_.similar_peaks))
        .first->second;
  }

  const Truth& truth_;
  const Study& study_;
  const RecoveryOptions& options_;
  const PeakTruth& peaks_;
  std::vector<size_t> row_;  ///< of each of the study's peaks in `peaks_`
  std::map<std::string, SimilarPeaks> similar_;
};

}  // namespace

std::vector<SetRecovery> measure_recovery(std::span<const FoundSet> sets, const Truth& truth,
                                          const Study& study, const RecoveryOptions& options,
                                          const PeakTruth* peaks) {
  const PeakIndex index = index_of_peaks(study);
  std::map<std::string_view, const GeneTruth*> genes;
  for (const auto& gene : truth.genes) genes.emplace(gene.gene, &gene);

  std::optional<Programmes> programmes;
  if (peaks != nullptr) programmes.emplace(*peaks, truth, study, options);

  std::vector<SetRecovery> results;
  for (const auto& set : sets) {
    const auto& planted = truth_of(genes, set.gene);
    const auto gene = study.genes.index_of(set.gene);
    if (!gene) throw input_error("the study has no gene '{}'", set.gene);
    SetRecovery result;
    result.cell_type = set.cell_type;
    result.gene = set.gene;
    result.method = set.method;
    result.seed = set.seed;
    result.set_size = static_cast<int64_t>(set.peaks.size());
    const std::unordered_set<int32_t> found(set.peaks.begin(), set.peaks.end());
    result.bystanders_found = count_found(peaks_named(planted.bystanders, index), found);
    std::vector<int32_t> members;
    if (acts_in(planted, set.cell_type)) {
      result.kind = planted.kind;
      result.members = static_cast<int64_t>(planted.peaks.size());
      members = peaks_named(planted.peaks, index);
    }
    result.members_found = count_found(members, found);
    const auto exchanged = with_partners(set.peaks, set.partners);
    result.members_with_partners = count_found(members, {exchanged.begin(), exchanged.end()});
    const double planted_members = result.members > 0 ? static_cast<double>(result.members) : kNaN;
    result.recall = static_cast<double>(result.members_found) / planted_members;
    result.recall_with_partners =
        static_cast<double>(result.members_with_partners) / planted_members;
    result.expected_by_chance =
        expected_members(result.set_size, static_cast<int64_t>(members.size()), study.peaks.size());
    measure_positions(study, *gene, set.peaks, members, options.window, result);
    if (programmes) programmes->measure(set, planted, result);
    results.push_back(std::move(result));
  }
  return results;
}

std::vector<SetRecovery> measure_recovery(const Table& subsets, const Truth& truth,
                                          const Study& study, const RecoveryOptions& options,
                                          const PeakTruth* peaks, const Table* partners) {
  const PeakIndex index = index_of_peaks(study);
  auto sets = found_sets(subsets, index);
  if (partners != nullptr) add_partners(*partners, index, sets);
  return with_context(subsets.source,
                      [&] { return measure_recovery(sets, truth, study, options, peaks); });
}

Columns<SetRecovery> recovery_columns() {
  using Set = SetRecovery;
  return {
      "recovery.tsv",
      "a row for each set, found beside planted",
      {{column::kLearnedIn, &Set::cell_type},
       {column::kGene, &Set::gene},
       {column::kMethod, &Set::method},
       {column::kSeed, &Set::seed},
       {column::kKind, [](const Set& set) { return regulation_name(set.kind); }},
       {column::kSetSize, &Set::set_size},
       {column::kMembers, &Set::members},
       {column::kMembersFound, &Set::members_found},
       {column::kRecall, &Set::recall},
       {column::kMembersWithPartners, &Set::members_with_partners},
       {column::kRecallWithPartners, &Set::recall_with_partners},
       {column::kBystandersFound, &Set::bystanders_found},
       {column::kExpectedByChance, &Set::expected_by_chance},
       {column::kExpectedNearTss, &Set::expected_near_tss},
       {column::kNearTssShare, &Set::near_tss_share},
       {column::kNearTssChance, &Set::near_tss_chance},
       {column::kProgrammeShare, [](const Set& set) { return set.programme.share; }},
       {column::kProgrammeChance, [](const Set& set) { return set.programme.chance; }},
       {column::kGeneProgrammeShare, [](const Set& set) { return set.gene_programme.share; }},
       {column::kGeneProgrammeChance, [](const Set& set) { return set.gene_programme.chance; }}}};
}

std::vector<KindRecovery> summarise_recovery(std::span<const SetRecovery> sets) {
  std::map<std::tuple<std::string, int64_t, Regulation>, RecoverySums> groups;
  for (const auto& set : sets) groups[{set.method, set.set_size, set.kind}].add(set);
  std::vector<KindRecovery> kinds;
  kinds.reserve(groups.size());
  for (const auto& [key, sums] : groups) {
    const auto& [method, set_size, kind] = key;
    kinds.push_back({method,
                     kind,
                     set_size,
                     sums.sets,
                     sums.found.mean(),
                     sums.with_partners.mean(),
                     sums.chance.mean(),
                     sums.chance_near_tss.mean(),
                     sums.whole.mean(),
                     sums.whole_with_partners.mean(),
                     sums.bystanders.mean(),
                     sums.near_tss_share.mean(),
                     sums.near_tss_chance.mean(),
                     {sums.programme.mean(), sums.programme_chance.mean()},
                     {sums.gene_programme.mean(), sums.gene_programme_chance.mean()}});
  }
  return kinds;
}

Columns<KindRecovery> recovery_by_kind_columns() {
  using Kind = KindRecovery;
  return {"recovery_by_kind.tsv",
          "the same by method, kind and L",
          {{column::kMethod, &Kind::method},
           {column::kKind, [](const Kind& kind) { return regulation_name(kind.kind); }},
           {column::kSetSize, &Kind::set_size},
           {"sets", "of this method, kind and L", &Kind::sets},
           {column::kRecall.saying("members found ÷ members, over all of the sets together"),
            &Kind::recall},
           {column::kRecallWithPartners.saying("the same with `members_with_partners`"),
            &Kind::recall_with_partners},
           {"recall_by_chance", "the same with `expected_by_chance`", &Kind::recall_by_chance},
           {"recall_by_chance_near_tss", "the same with `expected_near_tss`",
            &Kind::recall_by_chance_near_tss},
           {"whole_sets", "share of sets with every member found", &Kind::whole_sets},
           {"whole_sets_with_partners", "the same with partners", &Kind::whole_sets_with_partners},
           {column::kBystandersFound.saying("mean over the sets"), &Kind::bystanders_found},
           {column::kNearTssShare.saying("mean over the sets"), &Kind::near_tss_share},
           {column::kNearTssChance.saying("mean over the sets"), &Kind::near_tss_chance},
           {column::kProgrammeShare.saying("mean over the sets"),
            [](const Kind& kind) { return kind.programme.share; }},
           {column::kProgrammeChance.saying("mean over the sets"),
            [](const Kind& kind) { return kind.programme.chance; }},
           {column::kGeneProgrammeShare.saying("mean over the sets that have one"),
            [](const Kind& kind) { return kind.gene_programme.share; }},
           {column::kGeneProgrammeChance.saying("mean over the sets that have one"),
            [](const Kind& kind) { return kind.gene_programme.chance; }}}};
}

}  // namespace grids::core
