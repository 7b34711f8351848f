#include "train/nearby_openness.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "base/at.hpp"

namespace grids::core {
namespace {

constexpr int64_t kReach = 50'000;
constexpr int64_t kUpstream = 2'000;
constexpr double kDecay = 5'000;

struct Stretch {
  int64_t start;
  int64_t end;

  int64_t distance_to(int64_t other_start, int64_t other_end) const {
    return std::max({int64_t{0}, start - other_end, other_start - end});
  }
};

/// The gene's body and what lies before its start.
Stretch around(const GeneTable& genes, int64_t gene) {
  const bool minus = genes.strand[at(gene)] == Strand::kMinus;
  return {genes.start[at(gene)] - (minus ? 0 : kUpstream),
          genes.end[at(gene)] + (minus ? kUpstream : 0)};
}

/// Which genes a peak is near.
struct Link {
  int32_t gene;  ///< index into the genes that have any
  float weight;
};

struct Links {
  std::vector<int32_t> genes;
  std::vector<std::vector<Link>> of_peak;
};

Links find_links(const Study& study) {
  const auto& peaks = study.peaks;
  std::map<std::string_view, size_t> chromosomes;
  for (size_t c = 0; c < peaks.chromosomes.size(); ++c) chromosomes[peaks.chromosomes[c]] = c;
  int64_t longest = 0;
  for (size_t j = 0; j < peaks.start.size(); ++j) {
    longest = std::max(longest, peaks.end[j] - peaks.start[j]);
  }
  Links links;
  links.of_peak.resize(at(peaks.size()));
  for (int64_t gene = 0; gene < study.genes.size(); ++gene) {
    const auto chromosome = chromosomes.find(study.genes.chromosome[at(gene)]);
    if (chromosome == chromosomes.end()) continue;
    const Stretch stretch = around(study.genes, gene);
    const auto first = peaks.start.begin() + peaks.chromosome_offsets[chromosome->second];
    const auto last = peaks.start.begin() + peaks.chromosome_offsets[chromosome->second + 1];
    const auto number = static_cast<int32_t>(links.genes.size());
    bool any = false;
    for (auto start = std::lower_bound(first, last, stretch.start - kReach - longest);
         start != last && *start <= stretch.end + kReach; ++start) {
      const auto peak = at(start - peaks.start.begin());
      const int64_t apart = stretch.distance_to(*start, peaks.end[peak]);
      if (apart > kReach) continue;
      any = true;
      links.of_peak[peak].push_back(
          {number, static_cast<float>(std::exp(-static_cast<double>(apart) / kDecay))});
    }
    if (any) links.genes.push_back(static_cast<int32_t>(gene));
  }
  return links;
}

}  // namespace

NearbyOpenness nearby_openness(const Study& study, const CsrPattern& open, ThreadPool& pool) {
  const Links links = find_links(study);
  const auto width = static_cast<int64_t>(links.genes.size());
  struct Row {
    std::vector<int32_t> genes;
    std::vector<float> values;
  };
  std::vector<Row> rows(at(open.rows));
  pool.for_blocks(open.rows, 64, [&](int64_t begin, int64_t end, int64_t) {
    std::vector<float> sums(at(width), 0.0f);
    for (int64_t cell = begin; cell < end; ++cell) {
      const auto peaks = open.row(cell);
      Row& row = rows[at(cell)];
      for (const int32_t peak : peaks) {
        for (const Link& link : links.of_peak[at(peak)]) {
          if (sums[at(link.gene)] == 0) row.genes.push_back(link.gene);
          sums[at(link.gene)] += link.weight;
        }
      }
      std::sort(row.genes.begin(), row.genes.end());
      row.values.reserve(row.genes.size());
      for (const int32_t gene : row.genes) {
        row.values.push_back(sums[at(gene)] / static_cast<float>(peaks.size()));
        sums[at(gene)] = 0;
      }
    }
  });
  NearbyOpenness result;
  result.genes = links.genes;
  result.values.pattern.rows = open.rows;
  result.values.pattern.columns = width;
  for (const Row& row : rows) {
    for (size_t k = 0; k < row.genes.size(); ++k) {
      result.values.pattern.indices.push_back(row.genes[k]);
      result.values.values.push_back(row.values[k]);
    }
    result.values.pattern.offsets.push_back(result.values.pattern.nonzeros());
  }
  return result;
}

}  // namespace grids::core
