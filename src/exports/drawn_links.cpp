#include "exports/drawn_links.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>
#include <unordered_set>

#include "base/name_list.hpp"

namespace grids::core {
namespace {

constexpr const char* kContradicted = "contradicted";

struct VerdictColour {
  std::string_view verdict;
  const char* colour;
};

/// Okabe–Ito, distinguishable for colour-blind readers.
constexpr std::array<VerdictColour, 5> kColours = {{{"borne_out", "0,158,115"},
                                                    {"overstated", "230,159,0"},
                                                    {"undecided", "86,180,233"},
                                                    {"not_judged", "128,128,128"},
                                                    {kContradicted, "213,94,0"}}};
constexpr const char* kNotAsked = "0,114,178";

using Names = std::unordered_set<std::string>;

/// What the user's words name, all of it known.
Names asked_names(const std::vector<std::string>& words, const Names& known, const char* option) {
  const auto names =
      split_names(words, [&](std::string_view name) { return known.contains(std::string(name)); });
  for (const auto& name : names) {
    if (!known.contains(name)) throw usage_error("{}: links.tsv has no '{}'", option, name);
  }
  return {names.begin(), names.end()};
}

bool passes(const std::vector<std::string>& asked, const std::string& value) {
  return asked.empty() || std::find(asked.begin(), asked.end(), value) != asked.end();
}

void remove_others(std::vector<Link>& links, const LinkFilter& filter) {
  Names types, genes;
  for (const auto& link : links) {
    types.insert(link.cell_type);
    genes.insert(link.gene);
    if (!link.gene_id.empty()) genes.insert(link.gene_id);
  }
  if (links.empty()) return;  // of which no name is known
  const auto asked_types = asked_names(filter.cell_types, types, "--cell-type");
  const auto asked_genes = asked_names(filter.genes, genes, "--gene");
  std::erase_if(links, [&](const Link& link) {
    const bool type = asked_types.empty() || asked_types.contains(link.cell_type);
    const bool gene = asked_genes.empty() || asked_genes.contains(link.gene) ||
                      asked_genes.contains(link.gene_id);
    return !type || !gene || !passes(filter.verdicts, link.verdict) ||
           !passes(filter.calls, link.call) || (filter.minimal && link.in_minimal != true);
  });
}

/// How many sets that were.
int64_t remove_contradicted(std::vector<Link>& links) {
  std::set<std::tuple<std::string, std::string, std::string, std::string, int64_t>> sets;
  for (const auto& link : links) {
    if (link.verdict != kContradicted) continue;
    sets.emplace(link.cell_type, link.gene, link.set, link.method, link.set_size);
  }
  std::erase_if(links, [](const Link& link) { return link.verdict == kContradicted; });
  return std::ssize(sets);
}

}  // namespace

void LinkFilter::describe(OptionSet& set) {
  set.list("--cell-type", cell_types, "Only links of these cell types, as links.tsv spells them");
  set.list("--gene", genes, "Only links of these genes, by name or id");
  set.list("--verdict", verdicts,
           {"borne_out", "overstated", "undecided", "not_judged", kContradicted},
           "Only sets of which measured expression says this");
  set.list(
      "--call", calls,
      {"redundant", "quorum", "cooperative", "independent", "stand_ins_or_proxies", "not_called"},
      "Only sets with this call about redundancy");
  set.flag("--minimal", minimal, "Only members of minimal sub-sets");
  set.flag("--contradicted", contradicted,
           "Draw sets that measured expression contradicts, too, which are no findings");
  set.rule([this](Problems& problems) {
    if (!contradicted && verdicts == std::vector<std::string>{kContradicted}) {
      problems.add("--verdict contradicted alone needs --contradicted, too");
    }
  });
}

DrawnLinks choose_links(std::vector<Link> links, const LinkFilter& filter) {
  DrawnLinks drawn;
  drawn.links = std::move(links);
  remove_others(drawn.links, filter);
  if (!filter.contradicted) drawn.contradicted_left_out = remove_contradicted(drawn.links);
  std::stable_sort(drawn.links.begin(), drawn.links.end(), [](const Link& a, const Link& b) {
    return std::tie(a.chrom, a.start, a.end) < std::tie(b.chrom, b.start, b.end);
  });
  return drawn;
}

int64_t link_score(const Link& link) {
  const double thousandths = std::abs(link.relative_change) * 1000;
  return thousandths >= 0 ? std::llround(std::min(thousandths, 1000.0)) : 0;
}

const char* link_colour(const Link& link) {
  for (const auto& entry : kColours) {
    if (entry.verdict == link.verdict) return entry.colour;
  }
  return kNotAsked;
}

std::string link_name(const Link& link) {
  std::string name = one_word(link.gene);
  if (link.set != "found") name += "_" + one_word(link.set);
  name += link.rank ? fmt::format("_{}", *link.rank) : "_partner";
  return name;
}

std::string one_word(std::string_view text) {
  std::string word(text);
  for (char& c : word) {
    if (static_cast<unsigned char>(c) <= 32 || c == 127) c = '_';
  }
  if (word.empty()) return ".";
  // As in tracks/: what a browser shows is at times opened in a spreadsheet.
  if (std::string_view("=+-@").find(word[0]) != std::string_view::npos && word.size() > 1) {
    word[0] = '_';
  }
  return word;
}

std::string gene_strand(const Link& link) {
  return link.strand == "+" || link.strand == "-" ? link.strand : ".";
}

bool has_arc(const Link& link) {
  return link.tss.has_value() && !link.gene_chrom.empty();
}

int64_t count_without_arc(const std::vector<Link>& links) {
  return std::count_if(links.begin(), links.end(), [](const Link& link) { return !has_arc(link); });
}

}  // namespace grids::core
