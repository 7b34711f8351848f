#include "links/link.hpp"

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
        &Link::verdict},
       {column::kSlope.saying("of the set, as in `contrasts.tsv`"), &Link::slope},
       probability(column::kQ.saying("of the set, as in `contrasts.tsv`"), &Link::q),
       {column::kCall.saying("of the set, as in `redundancy.tsv`; empty where that was not asked"),
        &Link::call},
       probability({"call_q", "`q` of the set in `redundancy.tsv`"}, &Link::call_q),
       {column::kHiddenShare.saying("of the set, as in `redundancy.tsv`"), &Link::hidden_share},
       {column::kMethod, &Link::method},
       {column::kSetSize, &Link::set_size},
       {column::kDistanceToTss, &Link::distance},
       {"gene_chrom", "of the gene; empty without position", &Link::gene_chrom,
        [](Link& link, const Cell& cell) { link.gene_chrom = gene_chromosome(link, cell); }}}};
}

std::vector<Link> read_links(const std::filesystem::path& path) {
  return link_columns().read(read_table(path));
}

}  // namespace grids::core
