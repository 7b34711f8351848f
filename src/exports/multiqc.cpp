#include <fmt/core.h>

#include <array>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "exports/formats.hpp"

namespace grids::core {
namespace {

constexpr const char* kMultiqcHeader =
    "# id: 'grids_sets'\n"
    "# section_name: 'grids: sets of peaks'\n"
    "# description: 'Sets of peaks whose joint masking changes the prediction of a gene, by what "
    "measured expression says of them, and whether their elements stand in for one another.'\n"
    "# plot_type: 'table'\n"
    "# pconfig:\n"
    "#     id: 'grids_sets_table'\n"
    "#     title: 'grids: sets of peaks'\n"
    "#     namespace: 'grids'\n"
    "#     format: '{:,.0f}'\n";

constexpr std::array<std::string_view, 5> kVerdicts = {"borne_out", "overstated", "undecided",
                                                       "not_judged", "contradicted"};
constexpr std::array<std::string_view, 6> kCalls = {
    "redundant", "quorum", "cooperative", "independent", "stand_ins_or_proxies", "not_called"};

/// The report is a page: a name is text, not markup, and not the end of a cell.
std::string html_cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '&') {
      cell += "&amp;";
    } else if (c == '<') {
      cell += "&lt;";
    } else if (c == '>') {
      cell += "&gt;";
    } else if (c == '"') {
      cell += "&quot;";
    } else if (c == '\'') {
      cell += "&#39;";
    } else {
      cell += static_cast<unsigned char>(c) < 32 ? ' ' : c;
    }
  }
  return cell;
}

struct TypeCounts {
  int64_t sets = 0;
  std::map<std::string, int64_t, std::less<>> verdicts, calls;
};

std::map<std::string, TypeCounts> count_sets(std::span<const Link> links) {
  std::set<std::tuple<std::string, std::string, std::string, std::string, int64_t>> seen;
  std::map<std::string, TypeCounts> counts;
  for (const auto& link : links) {
    if (!seen.emplace(link.cell_type, link.gene, link.set, link.method, link.set_size).second) {
      continue;
    }
    auto& of_type = counts[link.cell_type];
    ++of_type.sets;
    ++of_type.verdicts[link.verdict];
    ++of_type.calls[link.call];
  }
  // MultiQC passes over a table without rows; that there are no sets is to be seen.
  if (counts.empty()) counts[kAllTypes];
  return counts;
}

template <size_t N>
std::string cells_of(const std::map<std::string, int64_t, std::less<>>& counts,
                     const std::array<std::string_view, N>& words) {
  std::string cells;
  for (const auto word : words) {
    const auto found = counts.find(word);
    cells += fmt::format("\t{}", found == counts.end() ? 0 : found->second);
  }
  return cells;
}

}  // namespace

std::string multiqc_text(std::span<const Link> links) {
  std::string text = kMultiqcHeader;
  text += "cell_type\tsets";
  for (const auto word : kVerdicts) text += fmt::format("\t{}", word);
  for (const auto word : kCalls) text += fmt::format("\t{}", word);
  text += '\n';
  for (const auto& [type, counts] : count_sets(links)) {
    text += fmt::format("{}\t{}", html_cell(type), counts.sets);
    text += cells_of(counts.verdicts, kVerdicts) + cells_of(counts.calls, kCalls) + '\n';
  }
  return text;
}

}  // namespace grids::core
