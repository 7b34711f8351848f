/// What is validated: peaks that some method gives to genes, in sets or as single pairs, with the
/// places of both, and the peaks that they were chosen from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/nan.hpp"
#include "io/annotation.hpp"
#include "io/peak_name.hpp"
#include "study/study.hpp"

namespace grids::core {

/// "chr1" and "1" are one chromosome: its name without "chr".
std::string bare_chromosome(std::string_view name);

/// No chromosome is as long, in bp: what lies beyond is a mistake, and is told.
inline constexpr int64_t kLongestChromosome = 1'000'000'000'000;

/// A gene of the pairs. Chromosomes here are bare.
struct PairGene {
  std::string name;
  std::string id;              ///< Ensembl's, or empty
  std::string chromosome;      ///< empty: no position known
  std::vector<int64_t> sites;  ///< bases at which its transcription starts, ascending
  char strand = '.';
  /// Half-open; nothing where only the start of transcription is known.
  std::optional<std::pair<int64_t, int64_t>> body = std::nullopt;

  bool placed() const { return !chromosome.empty() && !sites.empty(); }
};

struct PairPeak {
  std::string name;
  std::string chromosome;
  int64_t start = 0;
  int64_t end = 0;

  int64_t middle() const { return start + (end - start) / 2; }
};

/// A peak of a set.
struct PairMember {
  int32_t peak = 0;      ///< index into Pairs::peaks
  double score = kNaN;   ///< higher = likelier; NaN: none
  bool outside = false;  ///< a partner, which is no member of the set
  std::string element;   ///< its place, where the table tells; else empty
  /// Whether redundancy was asked of its element: of the minimal sub-set or a partner, and distal.
  /// Where the table does not tell, of every member.
  bool judged = true;
};

/// The peaks of one gene by one method. Of a table of single pairs, all its pairs of that gene.
struct PairSet {
  std::string method;  ///< "" where the table names none
  /// The L that was asked: where the table has but the size of each set, and no gene has sets of
  /// several sizes, that of the method's largest set.
  std::optional<int64_t> set_size;
  std::string cell_type;            ///< "all" where the table names none
  std::string seed;                 ///< what else tells sets of one method apart, or empty
  int32_t gene = 0;                 ///< index into Pairs::genes
  std::vector<PairMember> members;  ///< each peak once, with its highest score
  std::string call;                 ///< of redundancy, where the table tells
  double hidden_share = kNaN;       ///< likewise
};

struct Pairs {
  std::string source;  ///< the table, for messages
  std::string score;   ///< the column of the scores, or "1/rank"; empty: there are none
  std::vector<PairGene> genes;
  std::vector<PairPeak> peaks;  ///< by chromosome, start and end
  /// Whether `peaks` are all that could have been chosen, or only those that were.
  bool whole = false;
  std::vector<double> openness;  ///< share of cells in which each peak is open; empty: not known
  std::vector<PairSet> sets;     ///< in the order of their first rows
};

/// Where pairs and what they need are read from; empty paths: not given.
struct PairSources {
  std::filesystem::path links;  ///< a table, or a folder with links.tsv, compare.tsv or subsets.tsv
  std::string score;            ///< column of the scores; empty: "score", else by rank
  std::filesystem::path peaks;  ///< BED or names: the peaks that could have been chosen
  std::filesystem::path genes;  ///< BED or GTF
};

/// The table that `links` names: itself, or in a folder of results links.tsv, else compare.tsv,
/// else subsets.tsv.
std::filesystem::path links_table(const std::filesystem::path& links);

/// Reads links.tsv, compare.tsv, or any table with a header: `gene`; `peak`, or `chrom`, `start`
/// and `end`; if there are any `cell_type`, `method`, `L`, `set`, `seed`, `tss`, `gene_id`,
/// `strand` and the score; under the usual names that other tools have for them
/// (docs/validation.md). Alternatives of a set (`set` other than `found`) are passed over. Genes
/// are placed by `genes`, else by the study, else by the table's own `tss`. Throws Error(kInput)
/// that names file, line and column, and the first peak that is not among those that could have
/// been chosen.
Pairs read_pairs(const PairSources& sources, const Study* study);

/// Distance in base pairs from the nearest start of transcription to the peak, 0 inside it; nothing
/// on another chromosome, or without position.
std::optional<int64_t> pair_distance(const PairGene& gene, const PairPeak& peak);

}  // namespace grids::core
