/// What is drawn of links.tsv, and how: the same in every format.
///
/// - *Score*, 0 to 1000: the predicted change of the whole set in thousandths, without its sign, at
///   most 1000; 0 where it is not known. Peaks of a set have one score; their names carry the rank.
/// - *Colour*: the verdict of the set (verdict.hpp); blue where no verdict was asked.
/// - *Name*: gene and rank, "CX3CR1_1"; of a partner outside the set "CX3CR1_partner"; of another
///   set that would have done "CX3CR1_alternative_2_1".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/described.hpp"
#include "links/link.hpp"

namespace grids::core {

/// Which links are drawn; empty lists leave nothing out.
struct LinkFilter {
  std::vector<std::string> cell_types;
  std::vector<std::string> genes;  ///< by name or id
  std::vector<std::string> verdicts;
  std::vector<std::string> calls;
  /// Only members of minimal sub-sets.
  bool minimal = false;
  /// Draws sets that measured cells contradict, too.
  bool contradicted = false;

  void describe(OptionSet& set);
};

struct DrawnLinks {
  std::vector<Link> links;            ///< in genome order: chromosomes by name, then start, end
  int64_t contradicted_left_out = 0;  ///< sets
};

/// Throws Error(kUsage) for a cell type or gene that no link has.
DrawnLinks choose_links(std::vector<Link> links, const LinkFilter& filter);

int64_t link_score(const Link& link);
/// "0,158,115".
const char* link_colour(const Link& link);
std::string link_name(const Link& link);

/// Without white space and control characters, each of which becomes "_", as does what a
/// spreadsheet would take for the beginning of a formula; never empty ("."). Formats of browsers
/// separate by white space and know no quotes.
std::string one_word(std::string_view text);

/// "+", "-", or "." for whatever else the table holds.
std::string gene_strand(const Link& link);

/// Whether the gene has a place, so that an arc can be drawn.
bool has_arc(const Link& link);

/// Links that have no arc, as `has_arc` says.
int64_t count_without_arc(const std::vector<Link>& links);

}  // namespace grids::core
