/// links.tsv: one long table of which peaks hold up which gene, and what is known of each set; what
/// exports and validation are made from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/nan.hpp"
#include "io/columns.hpp"

namespace grids::core {

namespace column {

inline constexpr ColumnText kLinkCallQ{"call_q", "`q` of the set in `redundancy.tsv`"};

}  // namespace column

/// A peak of a set, or a partner of it. What is not known is nothing, NaN, or empty.
struct Link {
  std::string cell_type;       ///< in whose cells; "all"
  std::string gene;            ///< as the study names it
  std::string gene_id;         ///< empty: none known
  std::optional<int64_t> tss;  ///< first start of transcription: its base, from 0
  std::string strand;          ///< "+", "-", "."
  std::string set;             ///< "found", "alternative 1", …
  std::string peak;
  std::string chrom;
  int64_t start = 0;
  int64_t end = 0;
  std::string element;             ///< place of the element, from its first peak to its last
  std::string element_class;       ///< "promoter", "intronic", "distal"
  std::optional<int64_t> rank;     ///< nothing: a partner outside the set
  std::optional<bool> in_minimal;  ///< nothing: the set changes nothing
  bool partner = false;
  double loss_alone = kNaN;       ///< of the element, masked alone in cells as they are
  double loss_from_whole = kNaN;  ///< of the element, measured: members.tsv
  double relative_change = kNaN;  ///< of the set
  std::string verdict;            ///< of the set's contrast; empty: not asked
  double slope = kNaN;            ///< likewise
  double q = kNaN;                ///< likewise
  std::string call;               ///< redundancy; empty: not asked
  double call_q = kNaN;           ///< likewise
  double hidden_share = kNaN;     ///< likewise
  std::string method = "grids";
  int64_t set_size = 0;             ///< L
  std::optional<int64_t> distance;  ///< from the TSS, as distance_to_tss of subsets.tsv
  std::string gene_chrom = {};      ///< of the gene; empty: it has no position
};

Columns<Link> link_columns();

/// Reads links.tsv (or .gz). Throws Error(kInput) that names file, line and column where a value is
/// none: places that are no places, numbers that are not finite, words that no verdict or call has.
std::vector<Link> read_links(const std::filesystem::path& path);

}  // namespace grids::core
