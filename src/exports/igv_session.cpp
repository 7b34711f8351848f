#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "exports/formats.hpp"

namespace grids::core {
namespace {

std::string xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        // XML has no control characters.
        escaped += static_cast<unsigned char>(c) < 32 ? ' ' : c;
    }
  }
  return escaped;
}

/// Verdicts in the order in which sets stand (verdict.hpp); what was not asked is in its middle.
size_t standing_of(const Link& link) {
  constexpr std::array<std::string_view, 6> kOrder = {"borne_out", "overstated", "undecided",
                                                      "",          "not_judged", "contradicted"};
  const auto* const found = std::find(kOrder.begin(), kOrder.end(), link.verdict);
  return static_cast<size_t>(found - kOrder.begin());
}

/// How far the change goes as measured; 0 where nothing was.
double measured_change(const Link& link) {
  const double change = link.slope * std::abs(link.relative_change);
  return std::isnan(change) ? 0 : change;
}

bool stands_before(const Link& a, const Link& b) {
  const auto size = [](const Link& link) {
    return std::isnan(link.relative_change) ? 0 : std::abs(link.relative_change);
  };
  return std::tuple(standing_of(a), -measured_change(a), -size(a)) <
         std::tuple(standing_of(b), -measured_change(b), -size(b));
}

const Link& best_of(std::span<const Link> links, std::span<const SetName> standing) {
  for (const auto& set : standing) {
    const auto of_set = [&](const Link& link) {
      return link.set == "found" && link.cell_type == set.cell_type && link.gene == set.gene &&
             link.method == set.method && link.set_size == set.set_size;
    };
    const auto found = std::find_if(links.begin(), links.end(), of_set);
    if (found != links.end()) return *found;
  }
  return *std::min_element(links.begin(), links.end(), stands_before);
}

bool same_set(const Link& a, const Link& b) {
  return a.cell_type == b.cell_type && a.gene == b.gene && a.set == b.set && a.method == b.method &&
         a.set_size == b.set_size;
}

}  // namespace

std::string best_locus(std::span<const Link> links, std::span<const SetName> standing) {
  if (links.empty()) return "";
  const Link& best = best_of(links, standing);
  const std::string& chrom = has_arc(best) ? best.gene_chrom : best.chrom;
  int64_t start = has_arc(best) ? *best.tss : best.start;
  int64_t end = start + 1;
  for (const auto& link : links) {
    if (link.chrom != chrom || !same_set(link, best)) continue;
    start = std::min(start, link.start);
    end = std::max(end, link.end);
  }
  const int64_t margin = (end - start) / 10 + 1000;
  return fmt::format("{}:{}-{}", one_word(chrom), std::max<int64_t>(1, start - margin + 1),
                     end + margin);
}

std::string igv_session_text(std::span<const SessionTrack> tracks, const std::string& genome,
                             const std::string& locus) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<Session";
  if (!genome.empty()) text += fmt::format(" genome=\"{}\"", xml(genome));
  if (!locus.empty()) text += fmt::format(" locus=\"{}\"", xml(locus));
  text += " version=\"8\">\n  <Resources>\n";
  for (const auto& track : tracks) {
    text +=
        fmt::format("    <Resource name=\"{}\" path=\"{}\"/>\n", xml(track.name), xml(track.path));
  }
  return text + "  </Resources>\n</Session>\n";
}

}  // namespace grids::core
