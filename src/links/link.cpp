#include "links/link.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string_view>

#include "base/error.hpp"
#include "redundancy/redundancy_columns.hpp"

namespace grids::core {
namespace {

/// A probability keeps its four digits, however small it is.
Column<Link> probability(ColumnText said, double Link::*member) {
  return {said, [member](const Link& link) { return Probability{link.*member}; },
          [member](Link& link, const Cell& cell) { link.*member = cell.number(); }};
}

/// Tables put together by others may lack the column, which says more than the distance does only
/// where peak and gene lie on different chromosomes.
std::string gene_chromosome(const Link& link, const Cell& cell) {
  if (cell.table.has(cell.column)) return cell.text();
  return link.distance ? link.chrom : std::string();
}

/// Tables put together by others spell what is missing as numbers do.
std::string word_of(const Cell& cell) {
  return cell.text() == "NA" ? std::string() : cell.text();
}

// ---- what is read ----

/// Far beyond any chromosome, and far from what a sum of two overflows.
constexpr int64_t kEndOfGenomes = int64_t{1} << 40;

constexpr std::array<std::string_view, 6> kVerdicts = {"",          "borne_out",  "overstated",
                                                       "undecided", "not_judged", "contradicted"};
constexpr std::array<std::string_view, 7> kCalls = {
    "", "redundant", "quorum", "cooperative", "independent", "stand_ins_or_proxies", "not_called"};

template <size_t N>
bool is_among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr const char* kFinite = "a finite number, or NA";

/// What a value must be, in words, and whether it is.
struct Demand {
  std::string_view column;
  const char* wanted;
  std::function<bool(const Link& link)> holds;
};

std::vector<Demand> demands() {
  const auto within = [](int64_t place) { return place >= 0 && place < kEndOfGenomes; };
  return {
      {column::kStart, "a place from 0 to 2^40", [=](const Link& l) { return within(l.start); }},
      {column::kEnd, "a place behind the start, below 2^40",
       [=](const Link& l) { return within(l.end) && l.end > l.start; }},
      {"tss", "a place from 0 to 2^40, or NA",
       [=](const Link& l) { return !l.tss || within(*l.tss); }},
      {column::kRank, "a rank from 1, or NA",
       [](const Link& l) { return l.rank.value_or(1) >= 1; }},
      {column::kVerdict, "a verdict (borne_out, overstated, undecided, not_judged, contradicted)",
       [](const Link& l) { return is_among(kVerdicts, l.verdict); }},
      {column::kCall,
       "a call (redundant, quorum, cooperative, independent, stand_ins_or_proxies, not_called)",
       [](const Link& l) { return is_among(kCalls, l.call); }},
      {column::kLossAlone, kFinite, [](const Link& l) { return !std::isinf(l.loss_alone); }},
      {column::kLossFromWhole, kFinite,
       [](const Link& l) { return !std::isinf(l.loss_from_whole); }},
      {column::kRelativeChange, kFinite,
       [](const Link& l) { return !std::isinf(l.relative_change); }},
      {column::kSlope, kFinite, [](const Link& l) { return !std::isinf(l.slope); }},
      {column::kQ, kFinite, [](const Link& l) { return !std::isinf(l.q); }},
      {column::kLinkCallQ, kFinite, [](const Link& l) { return !std::isinf(l.call_q); }},
      {column::kHiddenShare, kFinite, [](const Link& l) { return !std::isinf(l.hidden_share); }}};
}

void require_values(const Table& table, const std::vector<Link>& links) {
  for (const auto& [column, wanted, holds] : demands()) {
    for (size_t i = 0; i < links.size(); ++i) {
      if (holds(links[i])) continue;
      throw input_error("{}: line {}, column '{}': '{}' is not {}", table.source, i + 2, column,
                        table.text(i, column), wanted);
    }
  }
}

/// A table without rows has its columns, too: else it is another.
void require_columns(const Table& table) {
  for (const auto& name : {column::kLearnedIn, column::kGene, column::kPeak, column::kChrom}) {
    if (table.has(name)) continue;
    throw input_error("{}: no column '{}', and no rows: it is no links.tsv", table.source,
                      std::string_view(name));
  }
}

}  // namespace

Columns<Link> link_columns() {
  return {
      "links.tsv",
      "a row for each peak of each set and for each partner outside of it",
      {{column::kLearnedIn, &Link::cell_type},
       {column::kGene, &Link::gene},
       {"gene_id", "of the gene in the study; empty where it has none", &Link::gene_id},
       {"tss",
        "the base at which the gene's transcription starts first, from 0; NA without position",
        &Link::tss},
       {"strand", "of the gene: `+`, `-`, or `.` where it is not known", &Link::strand},
       {column::kRedundancySet.saying(
            "`found`, or `alternative 2` …, numbered as in `alternatives.tsv`"),
        &Link::set},
       {column::kPeak, &Link::peak},
       {column::kChrom, &Link::chrom},
       {column::kStart, &Link::start},
       {column::kEnd, &Link::end},
       {column::kElement, &Link::element},
       {column::kElementClass, &Link::element_class},
       {column::kRank.saying(
            "in the set, from 1, the most important first; NA = a partner outside"),
        &Link::rank},
       {column::kInMinimal, &Link::in_minimal},
       {"partner", "`yes`: in `partners.tsv`", &Link::partner},
       {column::kLossAlone.saying("of the element: predicted relative change when it alone is "
                                  "masked in cells as they are; NA where that was not asked"),
        &Link::loss_alone},
       {column::kLossFromWhole.saying("of the element: m, measured, as in `members.tsv`"),
        &Link::loss_from_whole},
       {column::kRelativeChange.saying("of the whole set, as in `subsets.tsv`"),
        &Link::relative_change},
       {column::kVerdict.saying(
            "of the set, as in `contrasts.tsv`; empty where that was not asked"),
        &Link::verdict, [](Link& link, const Cell& cell) { link.verdict = word_of(cell); }},
       {column::kSlope.saying("of the set, as in `contrasts.tsv`"), &Link::slope},
       probability(column::kQ.saying("of the set, as in `contrasts.tsv`"), &Link::q),
       {column::kCall.saying("of the set, as in `redundancy.tsv`; empty where that was not asked"),
        &Link::call, [](Link& link, const Cell& cell) { link.call = word_of(cell); }},
       probability(column::kLinkCallQ, &Link::call_q),
       {column::kHiddenShare.saying("of the set, as in `redundancy.tsv`"), &Link::hidden_share},
       {column::kMethod, &Link::method},
       {column::kSetSize, &Link::set_size},
       {column::kDistanceToTss, &Link::distance},
       {"gene_chrom", "of the gene; empty without position", &Link::gene_chrom,
        [](Link& link, const Cell& cell) { link.gene_chrom = gene_chromosome(link, cell); }}}};
}

std::vector<Link> read_links(const std::filesystem::path& path) {
  const Table table = read_table(path);
  auto links = link_columns().read(table);
  if (links.empty()) require_columns(table);
  require_values(table, links);
  return links;
}

}  // namespace grids::core
