#include "validate/loops.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/at.hpp"
#include "base/error.hpp"
#include "io/delimited.hpp"
#include "validate/matched_pairs.hpp"
#include "validate/place_finder.hpp"
#include "validate/same_build.hpp"

namespace grids::core {
namespace {

using BedpeRow = DelimitedReader::Row;

/// Whether what follows the chromosomes are numbers: else it is a header.
bool heads_loops(const BedpeRow& row) {
  int64_t ignored = 0;
  return row.fields.size() > 1 && !parse_position(row.fields[1], ignored) && row.fields[1] != "-1";
}

/// An anchor from three fields; nothing where it is not known.
std::optional<Interval> anchor_at(const DelimitedReader& reader, const BedpeRow& row, size_t i) {
  const auto& chromosome = row.fields[i];
  if (chromosome == "." || row.fields[i + 1] == "-1") return std::nullopt;
  Interval anchor{bare_chromosome(chromosome), 0, 0};
  const bool numbers = parse_position(row.fields[i + 1], anchor.start) &&
                       parse_position(row.fields[i + 2], anchor.end);
  const bool sense = numbers && anchor.start < anchor.end && anchor.end <= kLongestChromosome;
  if (!sense || anchor.chromosome.empty()) {
    throw reader.error(row, fmt::format("'{}', '{}', '{}' is no anchor: BEDPE has chrom, start "
                                        "and end of one and of the other",
                                        chromosome, row.fields[i + 1], row.fields[i + 2]));
  }
  return anchor;
}

/// Both anchors of each loop, one after the other.
std::vector<Interval> anchors_of(const std::vector<Loop>& loops) {
  std::vector<Interval> anchors;
  anchors.reserve(2 * loops.size());
  for (const auto& loop : loops) {
    anchors.push_back(loop.first);
    anchors.push_back(loop.second);
  }
  return anchors;
}

/// Finds the peaks that loops join to a gene.
class LoopedPeaks {
 public:
  LoopedPeaks(const Pairs& pairs, const std::vector<Loop>& loops, int64_t slack)
      : peaks_(pairs.peaks), anchors_(anchors_of(loops)), finder_(anchors_), slack_(slack) {}

  std::vector<int32_t> of(const PairGene& gene) const {
    std::vector<int32_t> found;
    for (const int64_t site : gene.sites) {
      finder_.overlapping(gene.chromosome, site - slack_, site + slack_ + 1, [&](int32_t here) {
        const Interval& there = anchors_[at(here ^ 1)];
        peaks_.overlapping(there.chromosome, there.start - slack_, there.end + slack_,
                           [&](int32_t peak) { found.push_back(peak); });
      });
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

 private:
  PlaceFinder peaks_;
  std::vector<Interval> anchors_;
  PlaceFinder finder_;
  int64_t slack_;
};

/// Stretches that the anchors cover, by chromosome and start, none overlapping another.
std::vector<Interval> covered(const std::vector<Loop>& loops, int64_t slack) {
  auto anchors = anchors_of(loops);
  for (auto& anchor : anchors) {
    anchor.start -= slack;
    anchor.end += slack;
  }
  std::sort(anchors.begin(), anchors.end(), [](const Interval& a, const Interval& b) {
    return std::tie(a.chromosome, a.start) < std::tie(b.chromosome, b.start);
  });
  std::vector<Interval> stretches;
  for (const auto& anchor : anchors) {
    const bool apart = stretches.empty() || stretches.back().chromosome != anchor.chromosome ||
                       stretches.back().end <= anchor.start;
    if (apart) {
      stretches.push_back(anchor);
    } else {
      stretches.back().end = std::max(stretches.back().end, anchor.end);
    }
  }
  return stretches;
}

}  // namespace

std::vector<Loop> read_loops(const std::filesystem::path& path) {
  DelimitedReader reader(path, "\t ", DelimitedReader::Kind::kBed);
  if (const auto* first = reader.peek(); first != nullptr && heads_loops(*first)) {
    BedpeRow header;
    reader.next(header);
  }
  std::vector<Loop> loops;
  for (BedpeRow row; reader.next(row);) {
    if (row.fields.size() < 6) {
      throw reader.error(row, fmt::format("{} fields; BEDPE has chrom, start and end of one anchor "
                                          "and of the other, six at least",
                                          row.fields.size()));
    }
    const auto first = anchor_at(reader, row, 0), second = anchor_at(reader, row, 3);
    if (first && second) loops.push_back({*first, *second});
  }
  if (loops.empty()) {
    throw input_error(
        "{}: no loops: BEDPE has a line for each, with chrom, start and end of one anchor and of "
        "the other",
        path.string());
  }
  return loops;
}

std::vector<double> anchor_weights(const Pairs& pairs, const std::vector<Loop>& loops,
                                   int64_t slack) {
  std::vector<double> weights(pairs.peaks.size(), 1);
  const PlaceFinder finder(pairs.peaks);
  for (const auto& stretch : covered(loops, slack)) {
    std::vector<int32_t> inside;
    finder.overlapping(stretch.chromosome, stretch.start, stretch.end,
                       [&](int32_t peak) { inside.push_back(peak); });
    for (const int32_t peak : inside) {
      weights[at(peak)] = std::min(weights[at(peak)], 1 / static_cast<double>(inside.size()));
    }
  }
  return weights;
}

std::vector<ValidationRow> loop_rows(const Pairs& pairs, const std::filesystem::path& path,
                                     int64_t slack, const Context& context) {
  const auto loops = read_loops(path);
  require_same_build(pairs, anchors_of(loops), path, PlacesAre::kMostlyAtPeaks, context);
  const LoopedPeaks looped(pairs, loops, slack);
  PairHits hits{"loops", [&](const PairGene& gene) { return looped.of(gene); }};
  hits.weights = anchor_weights(pairs, loops, slack);
  return matched_rows(pairs, hits, context);
}

}  // namespace grids::core
