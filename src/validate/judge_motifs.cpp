#include "validate/judge_motifs.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "base/random.hpp"
#include "io/fasta.hpp"
#include "io/feature_kind.hpp"
#include "math/fisher_test.hpp"
#include "math/statistics.hpp"
#include "study/shared_columns.hpp"
#include "validate/motif_scan.hpp"
#include "validate/pair_groups.hpp"
#include "validate/resampled.hpp"

namespace grids::core {
namespace {

constexpr int64_t kHalfWindow = 250;  // bp
constexpr double kMostMotifP = 1e-4;
constexpr double kLeastExpressing = 0.05;  // share of the cells of a type
constexpr size_t kStandIns = 5;            // background peaks a member
constexpr int32_t kTenths = 10;
constexpr double kEnrichedQ = 0.05;
constexpr int64_t kMotifDraws = 1000;

std::vector<Interval> motif_windows(const Pairs& pairs) {
  std::vector<Interval> windows;
  windows.reserve(pairs.peaks.size());
  for (const auto& peak : pairs.peaks) {
    windows.push_back({peak.chromosome, peak.middle() - kHalfWindow, peak.middle() + kHalfWindow});
  }
  return windows;
}

double gc_share(const std::string& sequence) {
  double gc = 0, bases = 0;
  for (const char c : sequence) {
    gc += c == 'G' || c == 'C' ? 1 : 0;
    bases += c == 'N' ? 0 : 1;
  }
  return bases > 0 ? gc / bases : 0;
}

/// Of each value, in which tenth of all values it lies: 0 to 9.
std::vector<int32_t> tenths_of(const std::vector<double>& values) {
  auto order = indices_below(std::ssize(values));
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return values[at(a)] < values[at(b)]; });
  std::vector<int32_t> tenths(values.size());
  for (size_t i = 0; i < order.size(); ++i) {
    tenths[at(order[i])] = static_cast<int32_t>(i * kTenths / order.size());
  }
  return tenths;
}

/// Peaks that are alike in GC and openness.
class MotifBackground {
 public:
  MotifBackground(const Pairs& pairs, const std::vector<std::string>& sequences) {
    std::vector<double> gc;
    gc.reserve(sequences.size());
    for (const auto& sequence : sequences) gc.push_back(gc_share(sequence));
    const auto of_gc = tenths_of(gc), of_openness = tenths_of(pairs.openness);
    for (size_t i = 0; i < gc.size(); ++i) class_.push_back(of_gc[i] * kTenths + of_openness[i]);
    peaks_.resize(at(int64_t{kTenths} * kTenths));
    for (size_t i = 0; i < gc.size(); ++i) peaks_[at(class_[i])].push_back(static_cast<int32_t>(i));
  }

  /// Up to kStandIns peaks like this one that are no members; they depend on seed and peak alone.
  std::vector<int32_t> stand_ins(int32_t peak, const std::set<int32_t>& members,
                                 uint64_t seed) const {
    std::vector<int32_t> free;
    for (const int32_t other : peaks_[at(class_[at(peak)])]) {
      if (!members.contains(other)) free.push_back(other);
    }
    RandomStream random(seed, Purpose::kMethods, static_cast<uint64_t>(peak),
                        stream_key("motif background"));
    random.shuffle(std::span(free));
    free.resize(std::min(free.size(), kStandIns));
    return free;
  }

 private:
  std::vector<int32_t> class_;
  std::vector<std::vector<int32_t>> peaks_;
};

/// Genes that some type expresses, in lower case. `types`: names; "all": all cells.
std::set<std::string> expressed_names(const Study& study, const std::set<std::string>& types) {
  std::set<std::string> names;
  for (const auto& type : types) {
    std::vector<int64_t> expressing(at(study.genes.size()), 0);
    int64_t cells = 0;
    for (int64_t cell = 0; cell < study.cells.size(); ++cell) {
      const auto& own = study.cells.type.names[at(study.cells.type.codes[at(cell)])];
      if (type != kAllTypes && own != type) continue;
      ++cells;
      for (const int32_t gene : study.expression.row_indices(cell)) ++expressing[at(gene)];
    }
    for (int64_t gene = 0; gene < study.genes.size(); ++gene) {
      const double least = kLeastExpressing * static_cast<double>(cells);
      if (cells == 0 || static_cast<double>(expressing[at(gene)]) < least) continue;
      names.insert(lower_case(study.genes.names[at(gene)]));
    }
  }
  return names;
}

/// Motifs of which every factor is expressed.
std::vector<Motif> expressed_motifs(const std::vector<Motif>& motifs,
                                    const std::set<std::string>& expressed) {
  std::vector<Motif> kept;
  for (const auto& motif : motifs) {
    const auto factors = motif_factors(motif);
    const bool all = std::all_of(factors.begin(), factors.end(),
                                 [&](const auto& name) { return expressed.contains(name); });
    if (all && !factors.empty()) kept.push_back(motif);
  }
  return kept;
}

/// Which motifs some peaks have.
class PeakMotifs {
 public:
  PeakMotifs(const std::set<int32_t>& peaks, const std::vector<std::string>& sequences,
             std::span<const ScoredMotif> motifs, const Context& context)
      : motifs_(motifs.size()) {
    std::vector<std::string> own;
    own.reserve(peaks.size());
    for (const int32_t peak : peaks) {
      place_.emplace(peak, own.size());
      own.push_back(sequences[at(peak)]);
    }
    hits_ = motif_hits(own, motifs, context);
  }

  std::span<const uint8_t> of(int32_t peak) const {
    return {hits_.data() + place_.at(peak) * motifs_, motifs_};
  }

  int64_t peaks_with(size_t motif, const std::set<int32_t>& peaks) const {
    return std::count_if(peaks.begin(), peaks.end(),
                         [&](int32_t peak) { return of(peak)[motif] != 0; });
  }

  int64_t in_common(int32_t a, int32_t b) const {
    int64_t common = 0;
    const auto of_a = of(a), of_b = of(b);
    for (size_t i = 0; i < motifs_; ++i) common += of_a[i] & of_b[i];
    return common;
  }

 private:
  size_t motifs_;
  std::map<int32_t, size_t> place_;
  std::vector<uint8_t> hits_;  ///< peaks × motifs
};

/// A row of motifs.tsv.
struct MotifRow {
  std::string method;
  std::optional<int64_t> set_size;
  std::string id, name;
  TwoByTwo table;
  OddsRatio odds;
  double p = kNaN, q = kNaN;
};

Columns<MotifRow> motif_columns() {
  using Row = MotifRow;
  return {"motifs.tsv",
          "a row for each method, L and motif whose factors are expressed",
          {{column::kMethod.saying("whose sets"), &Row::method},
           {column::kSetSize.saying("of the sets"), &Row::set_size},
           {"motif", "its id in the file of motifs", &Row::id},
           {"factor", "its name there; of a heterodimer both, with `::`", &Row::name},
           {"members", "peaks of the sets",
            [](const Row& row) { return row.table.with_a + row.table.without_a; }},
           {"members_with", "of these, with the motif",
            [](const Row& row) { return row.table.with_a; }},
           {"background", "peaks that are no members, alike in GC and openness",
            [](const Row& row) { return row.table.with_b + row.table.without_b; }},
           {"background_with", "of these, with the motif",
            [](const Row& row) { return row.table.with_b; }},
           {"odds_ratio", "of the motif in members against the background, ½ added to each count",
            [](const Row& row) { return row.odds.value; }},
           {"low", "its 95 % interval (Woolf)", [](const Row& row) { return row.odds.low; }},
           {"high", "likewise", [](const Row& row) { return row.odds.high; }},
           {"p", "one-sided, Fisher's exact test: more often in members",
            [](const Row& row) { return Probability{row.p}; }},
           {"q", "Benjamini–Hochberg over the motifs of the method and L",
            [](const Row& row) { return Probability{row.q}; }}}};
}

/// The sets of one method and L with their members, and who stands for these.
struct MotifGroup {
  PairGroup group;
  std::set<std::string> types;
  std::set<int32_t> members;
  std::map<int32_t, std::vector<int32_t>> stand_ins;
  std::set<int32_t> background;  ///< all stand-ins
};

MotifGroup motif_group(const Pairs& pairs, const PairGroup& group,
                       const MotifBackground& background, uint64_t seed) {
  MotifGroup result{group, {}, {}, {}, {}};
  for (const int32_t index : group.sets) {
    const PairSet& set = pairs.sets[at(index)];
    result.types.insert(set.cell_type);
    for (const auto& member : set.members) {
      if (!member.outside) result.members.insert(member.peak);
    }
  }
  for (const int32_t peak : result.members) {
    auto peaks = background.stand_ins(peak, result.members, seed);
    result.background.insert(peaks.begin(), peaks.end());
    result.stand_ins.emplace(peak, std::move(peaks));
  }
  return result;
}

std::vector<MotifRow> enrichment(const MotifGroup& group, const std::vector<Motif>& motifs,
                                 const PeakMotifs& peaks) {
  std::vector<MotifRow> rows;
  std::vector<double> p;
  rows.reserve(motifs.size());
  p.reserve(motifs.size());
  for (size_t m = 0; m < motifs.size(); ++m) {
    const int64_t a = peaks.peaks_with(m, group.members), b = peaks.peaks_with(m, group.background);
    const TwoByTwo table{a, std::ssize(group.members) - a, b, std::ssize(group.background) - b};
    MotifRow row{group.group.method,
                 group.group.set_size,
                 motifs[m].id,
                 motifs[m].name,
                 table,
                 {},
                 kNaN,
                 kNaN};
    row.odds = odds_ratio(table);
    row.p = fisher_upper_tail(table);
    p.push_back(row.p);
    rows.push_back(std::move(row));
  }
  const auto q = benjamini_hochberg(p);
  for (size_t m = 0; m < rows.size(); ++m) rows[m].q = q[m];
  return rows;
}

/// Pairs of members with a motif in common, and motifs in common, of one set.
struct CommonMotifs {
  std::string gene;
  std::string call;
  double pairs = 0, sharing = 0, motifs = 0;
  double matched_pairs = 0, matched_sharing = 0, matched_motifs = 0;
};

/// Members of one element are one site of regulation.
bool of_one_element(const PairMember& a, const PairMember& b) {
  return !a.element.empty() && a.element == b.element;
}

void add_pair(const PeakMotifs& peaks, const MotifGroup& group, int32_t a, int32_t b,
              CommonMotifs& common) {
  const int64_t motifs = peaks.in_common(a, b);
  ++common.pairs;
  common.sharing += motifs > 0 ? 1 : 0;
  common.motifs += static_cast<double>(motifs);
  const auto& for_a = group.stand_ins.at(a);
  const auto& for_b = group.stand_ins.at(b);
  for (size_t i = 0; i < std::min(for_a.size(), for_b.size()); ++i) {
    if (for_a[i] == for_b[i]) continue;
    const int64_t matched = peaks.in_common(for_a[i], for_b[i]);
    ++common.matched_pairs;
    common.matched_sharing += matched > 0 ? 1 : 0;
    common.matched_motifs += static_cast<double>(matched);
  }
}

CommonMotifs common_motifs(const Pairs& pairs, const PairSet& set, const MotifGroup& group,
                           const PeakMotifs& peaks) {
  CommonMotifs common;
  common.gene = pairs.genes[at(set.gene)].name;
  common.call = set.call == "quorum" ? "redundant" : set.call;
  for (size_t i = 0; i < set.members.size(); ++i) {
    for (size_t j = i + 1; j < set.members.size(); ++j) {
      const auto &a = set.members[i], &b = set.members[j];
      if (a.outside || b.outside || of_one_element(a, b)) continue;
      add_pair(peaks, group, a.peak, b.peak, common);
    }
  }
  return common;
}

/// A sum over sets ÷ their pairs, each as often as its gene was drawn.
double per_pair(const std::vector<CommonMotifs>& sets, double CommonMotifs::*value,
                double CommonMotifs::*pairs, const std::map<std::string, double>& times) {
  double sum = 0, count = 0;
  for (const auto& set : sets) {
    const double weight = times.at(set.gene);
    sum += weight * set.*value;
    count += weight * set.*pairs;
  }
  return count > 0 ? sum / count : kNaN;
}

void add_common_rows(const PairGroup& group, const std::string& subset,
                     const std::vector<CommonMotifs>& sets, uint64_t seed,
                     std::vector<ValidationRow>& rows) {
  struct Measure {
    const char* what;
    double CommonMotifs::*value;
    double CommonMotifs::*matched;
  };
  const Measure measures[] = {
      {"motif_shared", &CommonMotifs::sharing, &CommonMotifs::matched_sharing},
      {"motifs_in_common", &CommonMotifs::motifs, &CommonMotifs::matched_motifs}};
  std::map<std::string, double> once;
  for (const auto& set : sets) once[set.gene] = 1;
  for (const auto& measure : measures) {
    auto row = row_of(group, measure.what, subset);
    row.value = per_pair(sets, measure.value, &CommonMotifs::pairs, once);
    row.chance = per_pair(sets, measure.matched, &CommonMotifs::matched_pairs, once);
    std::vector<double> drawn;
    drawn.reserve(at(kMotifDraws));
    for (int64_t draw = 0; draw < kMotifDraws; ++draw) {
      const auto times = resampled_units(once.size(), seed, "genes of motifs", draw);
      auto weights = once;
      size_t place = 0;
      for (auto& [gene, weight] : weights) weight = times[place++];
      drawn.push_back(per_pair(sets, measure.value, &CommonMotifs::pairs, weights));
    }
    const auto interval = percentile_interval(std::move(drawn));
    row.low = interval.low;
    row.high = interval.high;
    for (const auto& set : sets) row.n += static_cast<int64_t>(set.pairs);
    row.note = "n: pairs of members of a set; chance: of peaks alike in GC and openness";
    rows.push_back(std::move(row));
  }
}

void add_shared(const Pairs& pairs, const MotifGroup& group, const PeakMotifs& peaks, uint64_t seed,
                std::vector<ValidationRow>& rows) {
  std::map<std::string, std::vector<CommonMotifs>> by_call;
  for (const int32_t index : group.group.sets) {
    auto common = common_motifs(pairs, pairs.sets[at(index)], group, peaks);
    if (common.pairs == 0) continue;
    by_call["every set"].push_back(common);
    if (!common.call.empty()) by_call[common.call].push_back(std::move(common));
  }
  for (const auto& [call, sets] : by_call) add_common_rows(group.group, call, sets, seed, rows);
}

/// The motifs that can be found at all, scored.
std::vector<ScoredMotif> scored_motifs(std::vector<Motif>& motifs,
                                       const std::array<double, 4>& background,
                                       const Context& context) {
  std::vector<ScoredMotif> scored;
  std::vector<Motif> kept;
  scored.reserve(motifs.size());
  for (auto& motif : motifs) {
    ScoredMotif one(motif, background, kMostMotifP);
    if (!one.can_hit()) continue;
    scored.push_back(std::move(one));
    kept.push_back(std::move(motif));
  }
  if (kept.size() < motifs.size()) {
    context.reporter.warning(
        fmt::format("{} motifs are too short to be told from chance (p of 1e-4), and are left out",
                    motifs.size() - kept.size()));
  }
  motifs = std::move(kept);
  return scored;
}

void judge_group(const Pairs& pairs, const Study& study, const MotifGroup& group,
                 const std::vector<Motif>& all, const std::vector<std::string>& sequences,
                 const std::array<double, 4>& bases, const Context& context,
                 std::vector<ValidationRow>& rows, std::vector<MotifRow>& table) {
  auto motifs = expressed_motifs(all, expressed_names(study, group.types));
  if (motifs.empty()) {
    throw input_error(
        "of {} motifs none is of a gene that the study has and that 5 % of the cells express: are "
        "the motifs of this species, and named by gene symbols?",
        all.size());
  }
  const auto scored = scored_motifs(motifs, bases, context);
  std::set<int32_t> both = group.members;
  both.insert(group.background.begin(), group.background.end());
  const PeakMotifs peaks(both, sequences, scored, context);
  auto found = enrichment(group, motifs, peaks);
  auto row = row_of(group.group, "motifs_enriched", fmt::format("q at most {}", kEnrichedQ));
  const auto enriched = std::count_if(found.begin(), found.end(),
                                      [](const MotifRow& one) { return one.q <= kEnrichedQ; });
  row.n = std::ssize(found);
  row.value = found.empty() ? kNaN : static_cast<double>(enriched) / static_cast<double>(row.n);
  row.note = "n: motifs of expressed factors; motifs.tsv has them";
  rows.push_back(std::move(row));
  add_shared(pairs, group, peaks, context.seed, rows);
  table.insert(table.end(), found.begin(), found.end());
}

}  // namespace

TableText describe_motifs() {
  return motif_columns().describe();
}

JudgedMotifs judge_motifs(const Pairs& pairs, const Study& study,
                          const std::filesystem::path& fasta, const std::vector<Motif>& motifs,
                          const Context& context) {
  const auto sequences = read_sequences(fasta, motif_windows(pairs));
  const auto bases = base_shares(sequences);
  const MotifBackground background(pairs, sequences);
  JudgedMotifs result;
  std::vector<MotifRow> table;
  for (const auto& group : pair_groups(pairs)) {
    if (group.cell_type != kEveryType) continue;
    context.check_cancelled();
    judge_group(pairs, study, motif_group(pairs, group, background, context.seed), motifs,
                sequences, bases, context, result.rows, table);
  }
  result.table = motif_columns().table(std::span<const MotifRow>(table));
  return result;
}

}  // namespace grids::core
