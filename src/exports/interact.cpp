#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "exports/formats.hpp"

namespace grids::core {
namespace {

constexpr const char* kTrackLine =
    "track type=interact name=\"grids links\" description=\"grids: from peaks to the starts of "
    "the genes that they are predicted to hold up\" interactDirectional=true "
    "maxHeightPixels=200:100:50 visibility=full\n";

/// A line lies where it is drawn: on one chromosome.
struct InteractLine {
  std::string chrom;
  int64_t start = 0;
  int64_t end = 0;
  const Link* link = nullptr;

  std::string text() const;
};

/// "NA" is no number to UCSC.
double value_of(const Link& link) {
  return std::isnan(link.relative_change) ? 0 : link.relative_change;
}

std::string InteractLine::text() const {
  const auto& to = *link;
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t.\t{}\t{}\t{}\t{}\t{}\n",
                     chrom, start, end, link_name(to), link_score(to), value_of(to),
                     one_word(to.cell_type), link_colour(to), one_word(to.chrom), to.start, to.end,
                     one_word(to.peak), one_word(to.gene_chrom), *to.tss, *to.tss + 1,
                     one_word(to.gene), gene_strand(to));
}

std::vector<InteractLine> interact_rows(std::span<const Link> links) {
  std::vector<InteractLine> rows;
  rows.reserve(links.size());
  for (const auto& link : links) {
    if (!has_arc(link)) continue;
    const auto peak = one_word(link.chrom), gene = one_word(link.gene_chrom);
    if (peak == gene) {
      rows.push_back(
          {peak, std::min(link.start, *link.tss), std::max(link.end, *link.tss + 1), &link});
      continue;
    }
    rows.push_back({peak, link.start, link.end, &link});
    rows.push_back({gene, *link.tss, *link.tss + 1, &link});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::tie(a.chrom, a.start, a.end) < std::tie(b.chrom, b.start, b.end);
  });
  return rows;
}

}  // namespace

std::string interact_text(std::span<const Link> links) {
  std::string text = kTrackLine;
  for (const auto& row : interact_rows(links)) text += row.text();
  return text;
}

}  // namespace grids::core
