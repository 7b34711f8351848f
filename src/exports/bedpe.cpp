#include <fmt/core.h>

#include "exports/formats.hpp"
#include "io/columns.hpp"

namespace grids::core {
namespace {

/// IGV and igv.js look for `color` among the names of a line that begins with "#".
constexpr const char* kBedpeHeader =
    "#chr1\tx1\tx2\tchr2\ty1\ty2\tname\tscore\tstrand1\tstrand2\tcolor\tgene\tcell_type\tset\t"
    "verdict\tcall\trelative_change\n";

}  // namespace

std::string bedpe_text(std::span<const Link> links) {
  std::string text = kBedpeHeader;
  for (const auto& link : links) {
    if (!has_arc(link)) continue;
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t.\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
                        one_word(link.chrom), link.start, link.end, one_word(link.gene_chrom),
                        *link.tss, *link.tss + 1, link_name(link), link_score(link),
                        gene_strand(link), link_colour(link), one_word(link.gene),
                        one_word(link.cell_type), one_word(link.set), one_word(link.verdict),
                        one_word(link.call), cell_text(link.relative_change));
  }
  return text;
}

}  // namespace grids::core
