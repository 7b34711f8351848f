#include "validate/judge_combinations.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/at.hpp"
#include "io/feature_kind.hpp"
#include "math/ranking.hpp"
#include "study/shared_columns.hpp"
#include "validate/resampled.hpp"

namespace grids::core {
namespace {

constexpr int64_t kCombinationDraws = 1000;

/// An element of a set, and whether redundancy was asked of it.
struct SetElement {
  Interval place;
  bool judged = false;
};

/// Elements of a set as stretches of one chromosome; members that are of one element once.
std::vector<SetElement> elements_of_set(const Pairs& pairs, const PairSet& set) {
  std::vector<SetElement> elements;
  for (const auto& member : set.members) {
    const auto& peak = pairs.peaks[at(member.peak)];
    Interval place{peak.chromosome, peak.start, peak.end};
    if (auto element = parse_peak_name(member.element)) {
      place = {bare_chromosome(element->chromosome), element->start, element->end};
    }
    const auto same = std::find_if(elements.begin(), elements.end(),
                                   [&](const SetElement& other) { return other.place == place; });
    if (same == elements.end()) {
      elements.push_back({std::move(place), member.judged});
    } else {
      same->judged = same->judged || member.judged;
    }
  }
  return elements;
}

bool meet(const Interval& a, const Interval& b) {
  return a.chromosome == b.chromosome && a.start < b.end && b.start < a.end;
}

enum class Match : uint8_t { kNone, kOfLarger, kSame };

/// Whether each perturbed element overlaps an element of the set that no other overlaps, and no
/// other element was judged with them.
Match match_of(const Combination& combination, std::vector<SetElement> elements) {
  for (const auto& perturbed : combination.elements) {
    const auto found =
        std::find_if(elements.begin(), elements.end(),
                     [&](const SetElement& element) { return meet(element.place, perturbed); });
    if (found == elements.end()) return Match::kNone;
    elements.erase(found);
  }
  const bool more = std::any_of(elements.begin(), elements.end(),
                                [](const SetElement& element) { return element.judged; });
  return more ? Match::kOfLarger : Match::kSame;
}

bool of_gene(const PairGene& gene, const std::string& name) {
  return gene.name == name || (!gene.id.empty() && gene.id == name);
}

bool has_answer(const PairSet& set) {
  return !set.call.empty() || !std::isnan(set.hidden_share);
}

/// Sets with calls or hidden shares of one method and L.
struct CallingMethod {
  std::string method;
  std::optional<int64_t> set_size;
  std::vector<const PairSet*> sets;
};

std::vector<CallingMethod> calling_methods(const Pairs& pairs) {
  std::vector<CallingMethod> methods;
  for (const auto& set : pairs.sets) {
    if (!has_answer(set)) continue;
    const auto same = std::find_if(methods.begin(), methods.end(), [&](const auto& method) {
      return method.method == set.method && method.set_size == set.set_size;
    });
    auto& method = same == methods.end()
                       ? methods.emplace_back(CallingMethod{set.method, set.set_size, {}})
                       : *same;
    method.sets.push_back(&set);
  }
  return methods;
}

/// The set that a combination is held beside.
JudgedCombination judged(const Pairs& pairs, const CallingMethod& method,
                         const Combination& combination, bool other_cell_type) {
  JudgedCombination result{&combination, measure_combination(combination), nullptr, false};
  int best = -1;
  for (const PairSet* set : method.sets) {
    if (!of_gene(pairs.genes[at(set->gene)], combination.gene)) continue;
    const auto& type = combination.cell_type;
    if (!other_cell_type && !type.empty() && lower_case(type) != lower_case(set->cell_type))
      continue;
    const Match match = match_of(combination, elements_of_set(pairs, *set));
    if (match == Match::kNone) continue;
    const int worth = (match == Match::kSame ? 4 : 0) + (std::isnan(set->hidden_share) ? 0 : 2) +
                      (set->cell_type == kAllTypes ? 1 : 0);
    if (worth <= best) continue;
    best = worth;
    result.set = set;
    result.same_elements = match == Match::kSame;
  }
  return result;
}

/// Hidden shares as predicted and as measured, with the gene that each is of.
struct SharePairs {
  std::vector<double> predicted, measured;
  std::vector<size_t> gene;
  size_t genes = 0;
};

template <typename Measured>
SharePairs share_pairs(const std::vector<JudgedCombination>& all, bool same_only,
                       const Measured& measured) {
  SharePairs shares;
  std::map<std::string, size_t> genes;
  for (const auto& one : all) {
    if (!one.comparable() || (same_only && !one.same_elements)) continue;
    shares.predicted.push_back(one.set->hidden_share);
    shares.measured.push_back(measured(one.measured).value);
    shares.gene.push_back(genes.try_emplace(one.combination->gene, genes.size()).first->second);
  }
  shares.genes = genes.size();
  return shares;
}

double equal_signs(const SharePairs& shares) {
  double equal = 0;
  for (size_t i = 0; i < shares.predicted.size(); ++i) {
    equal += (shares.predicted[i] > 0) == (shares.measured[i] > 0) ? 1 : 0;
  }
  return shares.predicted.empty() ? kNaN : equal / static_cast<double>(shares.predicted.size());
}

/// What independent signs with the same margins would give.
double equal_signs_by_chance(const SharePairs& shares) {
  const auto positive = [](const std::vector<double>& values) {
    const auto count = std::count_if(values.begin(), values.end(), [](double v) { return v > 0; });
    return static_cast<double>(count) / static_cast<double>(values.size());
  };
  const double a = positive(shares.predicted), b = positive(shares.measured);
  return a * b + (1 - a) * (1 - b);
}

double share_correlation(const SharePairs& shares) {
  return rank_correlation(shares.predicted, shares.measured);
}

/// The pairs of drawn genes, each as often as its gene was drawn.
SharePairs drawn_pairs(const SharePairs& shares, uint64_t seed, int64_t draw) {
  const auto times = resampled_units(shares.genes, seed, "genes of combinations", draw);
  SharePairs drawn;
  for (size_t i = 0; i < shares.gene.size(); ++i) {
    for (int n = 0; n < static_cast<int>(times[shares.gene[i]]); ++n) {
      drawn.predicted.push_back(shares.predicted[i]);
      drawn.measured.push_back(shares.measured[i]);
    }
  }
  return drawn;
}

ValidationRow combination_row(const CallingMethod& method, std::string what, std::string subset) {
  ValidationRow row;
  row.what = std::move(what);
  row.method = method.method;
  row.set_size = method.set_size;
  row.subset = std::move(subset);
  return row;
}

using Figure = double (*)(const SharePairs& shares);

ValidationRow share_row(const CallingMethod& method, const char* what, const std::string& subset,
                        const SharePairs& shares, Figure figure, double chance, uint64_t seed) {
  auto row = combination_row(method, what, subset);
  row.value = figure(shares);
  row.chance = chance;
  row.n = std::ssize(shares.predicted);
  std::vector<double> drawn;
  drawn.reserve(at(kCombinationDraws));
  for (int64_t draw = 0; draw < kCombinationDraws; ++draw) {
    drawn.push_back(figure(drawn_pairs(shares, seed, draw)));
  }
  if (shares.genes < 2) return row;  // every draw draws the only gene
  const auto interval = percentile_interval(std::move(drawn));
  row.low = interval.low;
  row.high = interval.high;
  return row;
}

void add_agreement(const CallingMethod& method, const std::vector<JudgedCombination>& all,
                   uint64_t seed, std::vector<ValidationRow>& rows) {
  const std::pair<const char*, MeasuredShare MeasuredCombination::*> scales[] = {
      {"hidden_share", &MeasuredCombination::share},
      {"hidden_share_log", &MeasuredCombination::share_log}};
  for (const auto& [name, member] : scales) {
    for (const bool same_only : {true, false}) {
      const auto shares = share_pairs(
          all, same_only,
          [member = member](const MeasuredCombination& measured) { return measured.*member; });
      if (shares.predicted.empty()) continue;
      const auto subset = fmt::format("{}, {}", name, same_only ? "same elements" : "all found");
      rows.push_back(share_row(method, "combinations_sign_agreement", subset, shares, equal_signs,
                               equal_signs_by_chance(shares), seed));
      rows.push_back(share_row(method, "combinations_rank_correlation", subset, shares,
                               share_correlation, 0, seed));
    }
  }
}

/// "redundant" for quorum too: a loss is made good.
std::string kind_of_call(const std::string& call) {
  return call == "quorum" ? "redundant" : call;
}

/// Of the sets with a call, how many the interaction test bears out; chance: how many of all that
/// were found it shows so.
void add_calls(const CallingMethod& method, const std::vector<JudgedCombination>& all,
               std::vector<ValidationRow>& rows) {
  const std::pair<const char*, Interaction> kinds[] = {{"redundant", Interaction::kRedundant},
                                                       {"cooperative", Interaction::kCooperative},
                                                       {"independent", Interaction::kNeither}};
  for (const auto& [call, interaction] : kinds) {
    double found = 0, shown = 0, called = 0, both = 0;
    for (const auto& one : all) {
      if (one.set == nullptr || one.measured.interaction == Interaction::kNoJointEffect) continue;
      const bool is_called = kind_of_call(one.set->call) == call;
      const bool is_shown = one.measured.interaction == interaction;
      ++found;
      shown += is_shown ? 1 : 0;
      called += is_called ? 1 : 0;
      both += is_called && is_shown ? 1 : 0;
    }
    const double chance = found > 0 ? shown / found : kNaN;
    auto precision = combination_row(method, "combinations_calls", call);
    precision.value = called > 0 ? both / called : kNaN;
    precision.chance = chance;
    precision.n = static_cast<int64_t>(called);
    precision.note = "of the sets with this call, the share that the interaction test shows so";
    rows.push_back(std::move(precision));
    auto recall = combination_row(method, "combinations_called", call);
    recall.value = shown > 0 ? both / shown : kNaN;
    recall.chance = found > 0 ? called / found : kNaN;
    recall.n = static_cast<int64_t>(shown);
    recall.note =
        "of the combinations that the interaction test shows so, the share with this call";
    rows.push_back(std::move(recall));
  }
}

void add_combination_coverage(const CallingMethod& method,
                              const std::vector<JudgedCombination>& all, const Context& context,
                              std::vector<ValidationRow>& rows) {
  const auto same =
      std::count_if(all.begin(), all.end(), [](const auto& one) { return one.same_elements; });
  const auto found =
      std::count_if(all.begin(), all.end(), [](const auto& one) { return one.set != nullptr; });
  const int64_t n = std::ssize(all);
  for (const auto& [subset, count] :
       {std::pair("same elements", same), std::pair("all found", found)}) {
    auto row = combination_row(method, "combinations_coverage", subset);
    row.value = static_cast<double>(count) / static_cast<double>(n);
    row.n = n;
    rows.push_back(std::move(row));
  }
  const auto text = fmt::format(
      "{}: of {} perturbed combinations {} are in a set, {} of them make up the whole set",
      method_title(method.method, method.set_size), n, found, same);
  if (found > 0) {
    context.reporter.info(text);
  } else {
    context.reporter.warning(text + ": there is no figure but the coverage");
  }
}

std::string elements_text(const Combination& combination) {
  std::string text;
  for (const auto& name : combination.names) text += (text.empty() ? "" : ";") + name;
  return text;
}

Columns<JudgedCombination> combination_columns() {
  using Row = JudgedCombination;
  return {
      "combinations.tsv",
      "a row for each perturbed combination and each method and L with hidden shares",
      {{column::kGene, [](const Row& row) { return row.combination->gene; }},
       {"elements", "that were perturbed, with `;`",
        [](const Row& row) { return elements_text(*row.combination); }},
       {"log_change", "measured: natural log of expression with all of them perturbed ÷ control",
        [](const Row& row) { return row.combination->joint.log_fold; }},
       {"measured_share",
        "H, of the perturbations: what of the joint effect no single one of them shows",
        [](const Row& row) { return row.measured.share.value; }},
       {"measured_low",
        "its 95 % interval (Fieller); NA where the joint effect is within three standard errors of "
        "0",
        [](const Row& row) { return row.measured.share.low; }},
       {"measured_high", "likewise", [](const Row& row) { return row.measured.share.high; }},
       {"measured_share_log", "the same of logs: 0 where elements multiply",
        [](const Row& row) { return row.measured.share_log.value; }},
       {"measured_log_low", "its 95 % interval, likewise",
        [](const Row& row) { return row.measured.share_log.low; }},
       {"measured_log_high", "likewise",
        [](const Row& row) { return row.measured.share_log.high; }},
       {"interaction",
        "by the test of interaction (one-sided at 0.05 on both scales): `redundant`, "
        "`cooperative`, `neither`, or `no_joint_effect`",
        [](const Row& row) { return std::string(interaction_name(row.measured.interaction)); }},
       {column::kMethod.saying("whose set"),
        [](const Row& row) { return row.set ? row.set->method : std::string(); }},
       {column::kSetSize.saying("of the method's sets, as in `validation.tsv`"),
        [](const Row& row) { return row.set ? row.set->set_size : std::nullopt; }},
       {"cell_type", "in which the set was learned; empty: no set has these elements",
        [](const Row& row) { return row.set ? row.set->cell_type : std::string(); }},
       {"same_elements", "`no`: others of the set were judged with them",
        [](const Row& row) { return row.same_elements; }},
       {"hidden_share", "of the set, as in `links.tsv`",
        [](const Row& row) { return row.set ? row.set->hidden_share : kNaN; }},
       {"call", "likewise",
        [](const Row& row) { return row.set ? row.set->call : std::string(); }}}};
}

bool has_gene(const Pairs& pairs, const std::string& name) {
  return std::any_of(pairs.genes.begin(), pairs.genes.end(),
                     [&](const PairGene& gene) { return of_gene(gene, name); });
}

/// Throws where no combination is of a gene of the pairs; warns of those that are not.
void require_common_gene(const Pairs& pairs, const std::vector<Combination>& combinations,
                         const Context& context) {
  const auto missing = std::count_if(
      combinations.begin(), combinations.end(),
      [&](const Combination& combination) { return !has_gene(pairs, combination.gene); });
  if (missing == 0) return;
  if (missing == std::ssize(combinations)) {
    throw input_error(
        "no gene of the {} perturbed combinations ({}, …) is among the {} of {} ({}, …): are names "
        "symbols in one and ids in the other? The column gene of --combinations takes either",
        combinations.size(), combinations.front().gene, pairs.genes.size(), pairs.source,
        pairs.genes.front().name);
  }
  context.reporter.warning(
      fmt::format("{} of {} perturbed combinations are of genes that {} does not have", missing,
                  combinations.size(), pairs.source));
}

/// Throws where all combinations are of cell types in which no set was learned; warns of some.
void require_cell_types(const Pairs& pairs, const std::vector<Combination>& combinations,
                        const Context& context) {
  std::set<std::string> learned, known, missing;
  for (const auto& set : pairs.sets) {
    if (!has_answer(set)) continue;
    learned.insert(set.cell_type);
    known.insert(lower_case(set.cell_type));
  }
  int64_t count = 0;
  for (const auto& combination : combinations) {
    const auto& type = combination.cell_type;
    if (type.empty() || known.contains(lower_case(type))) continue;
    missing.insert(type);
    ++count;
  }
  if (count == 0) return;
  const auto text = fmt::format(
      "{} of {} perturbed combinations were made in {}, the sets of {} were learned in {}: what "
      "regulates a gene differs between cell types; --other-cell-type compares them all the same",
      count, combinations.size(), fmt::join(missing, ", "), pairs.source, fmt::join(learned, ", "));
  if (count == std::ssize(combinations)) throw input_error("{}", text);
  context.reporter.warning(text);
}

}  // namespace

bool JudgedCombination::comparable() const {
  return set != nullptr && std::isfinite(set->hidden_share) &&
         std::isfinite(measured.share.value) && std::isfinite(measured.share_log.value);
}

TableText describe_combinations() {
  return combination_columns().describe();
}

JudgedCombinations judge_combinations(const Pairs& pairs,
                                      const std::vector<Combination>& combinations,
                                      bool other_cell_type, const Context& context) {
  const auto methods = calling_methods(pairs);
  if (methods.empty()) {
    throw input_error(
        "{}: no set has a call or a hidden share to hold beside perturbed combinations: give "
        "links.tsv of grids redundancy, explain or run",
        pairs.source);
  }
  require_common_gene(pairs, combinations, context);
  if (!other_cell_type) require_cell_types(pairs, combinations, context);
  JudgedCombinations result;
  std::vector<JudgedCombination> listed;
  for (const auto& method : methods) {
    std::vector<JudgedCombination> all;
    all.reserve(combinations.size());
    for (const auto& combination : combinations) {
      all.push_back(judged(pairs, method, combination, other_cell_type));
    }
    add_combination_coverage(method, all, context, result.rows);
    add_agreement(method, all, context.seed, result.rows);
    add_calls(method, all, result.rows);
    listed.insert(listed.end(), all.begin(), all.end());
  }
  result.table = combination_columns().table(std::span<const JudgedCombination>(listed));
  return result;
}

}  // namespace grids::core
