#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "exports/formats.hpp"

namespace grids::core {
namespace {

struct Anchor {
  std::string chrom;
  int64_t start = 0;
  int64_t end = 0;
};

struct LongrangeLine {
  Anchor from;
  Anchor to;
  int64_t score = 0;
};

std::vector<LongrangeLine> both_ways(std::span<const Link> links) {
  std::vector<LongrangeLine> lines;
  lines.reserve(2 * links.size());
  for (const auto& link : links) {
    if (!has_arc(link)) continue;
    const Anchor peak = {one_word(link.chrom), link.start, link.end};
    const Anchor gene = {one_word(link.gene_chrom), *link.tss, *link.tss + 1};
    lines.push_back({peak, gene, link_score(link)});
    lines.push_back({gene, peak, link_score(link)});
  }
  return lines;
}

auto order_of(const LongrangeLine& line) {
  return std::tie(line.from.chrom, line.from.start, line.from.end, line.to.chrom, line.to.start);
}

}  // namespace

std::string longrange_text(std::span<const Link> links) {
  auto lines = both_ways(links);
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return order_of(a) < order_of(b); });
  std::string text;
  for (const auto& [from, to, score] : lines) {
    text += fmt::format("{}\t{}\t{}\t{}:{}-{},{}\n", from.chrom, from.start, from.end, to.chrom,
                        to.start, to.end, score);
  }
  return text;
}

}  // namespace grids::core
