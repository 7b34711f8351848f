#include <fmt/core.h>

#include "exports/formats.hpp"
#include "io/columns.hpp"

namespace grids::core {
namespace {

/// Readers take columns 10 to 12 as blocks wherever they are there: what is grids' own comes after.
constexpr const char* kBedHeader =
    "#chrom\tchromStart\tchromEnd\tname\tscore\tstrand\tthickStart\tthickEnd\titemRgb\t"
    "blockCount\tblockSizes\tblockStarts\tgene\tgene_id\tcell_type\tset\trank\telement\tclass\tin_"
    "minimal\tpartner\trelative_change\tverdict\t"
    "slope\tq\tcall\tcall_q\thidden_share\tmethod\tdistance_to_tss\n";

std::string bed_line(const Link& link) {
  std::string line =
      fmt::format("{}\t{}\t{}\t{}\t{}\t.\t{}\t{}\t{}\t1\t{}\t0", one_word(link.chrom), link.start,
                  link.end, link_name(link), link_score(link), link.start, link.end,
                  link_colour(link), link.end - link.start);
  for (const auto& cell :
       {one_word(link.gene), one_word(link.gene_id), one_word(link.cell_type), one_word(link.set),
        cell_text(link.rank), one_word(link.element), one_word(link.element_class),
        cell_text(link.in_minimal), cell_text(link.partner), cell_text(link.relative_change),
        one_word(link.verdict), cell_text(link.slope), cell_text(Probability{link.q}),
        one_word(link.call), cell_text(Probability{link.call_q}), cell_text(link.hidden_share),
        one_word(link.method), cell_text(link.distance)}) {
    line += '\t';
    line += cell;
  }
  return line + '\n';
}

}  // namespace

std::string bed_text(std::span<const Link> links) {
  std::string text = kBedHeader;
  for (const auto& link : links) text += bed_line(link);
  return text;
}

}  // namespace grids::core
